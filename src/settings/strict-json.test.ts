import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStrictJson } from './strict-json.ts'

test('JSON without repeated names is what JSON.parse makes of it', () => {
  for (const text of [
    '{}',
    '[]',
    'null',
    '"a\\"b:{,"',
    '{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}',
    '{"a:b": "{\\"c\\": 1, \\"c\\": 2}", "\\\\": ["x", "x"], "b": "a:b"}',
    ' {"a"\n:\t[1, [2, {}], {"b": []}], "": "", "__proto__": 1}',
  ]) {
    assert.deepEqual(parseStrictJson(text), JSON.parse(text))
  }
})

test('a name that is repeated is refused with its place, however it is written', () => {
  for (const [text, place] of [
    ['{"port": 1, "host": "x", "port": 2}', 'port'],
    ['{"a": {"b": [0, {"c": 1, "c": 1}]}}', 'a.b[1].c'],
    ['{"a": "}", "b": {"c": []}, "\\u0061": 2}', 'a'],
    ['[{"x": "y"}, {"x": "x", "x": "x"}]', '[1].x'],
  ] as const) {
    assert.throws(() => parseStrictJson(text), {
      name: 'SyntaxError',
      message: `${place} stands there twice`,
    })
  }
})

test('what is no JSON is refused', () => {
  for (const text of ['', '{', '{"a": 1,}', "{'a': 1}"]) {
    assert.throws(() => parseStrictJson(text), SyntaxError)
  }
})
