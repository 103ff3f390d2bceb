/**
 * The tables of requirements in `docs/http.md` name the tests that hold them: those whose titles
 * begin with the number. With `OUTRIGHT_UPDATE=1` they are written anew.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const page = new URL('../../docs/http.md', import.meta.url)
const tests = new URL('../oauth/', import.meta.url)

/** How many requirements each part of a standard has, or which of them concern this server. */
const held: Readonly<Record<string, number | readonly number[]>> = {
  INT: 12,
  IJ: 11,
  REV: 21,
  MD: 6,
  RT: [1, 2, 3, 4, 5, 8, 9, 10, 14],
  AT: 2,
  HT: 2,
  JW: [5],
  PAR: 8,
  DEV: 13,
  DP: 8,
  RPI: [1, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 16, 18, 19, 20],
  BCL: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 19],
  FCL: [1, 2, 3, 6, 7],
  SM: [1, 2],
}

const TABLE = /<!-- requirements: (\w+) -->\n([^]*?)<!-- \/requirements -->/g
const TITLE = /^ *test\(\n? *'((?:[A-Z]+-\d\d, )*[A-Z]+-\d\d): ([^']+)'/gm

/** By number, a link to each test. */
function testsByNumber(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const file of readdirSync(fileURLToPath(tests)).filter((name) =>
    name.endsWith('.test.ts'),
  )) {
    const source = readFileSync(new URL(file, tests), 'utf8')
    for (const [, numbers = '', sentence = ''] of source.matchAll(TITLE)) {
      for (const number of numbers.split(', ')) {
        found.set(number, [...(found.get(number) ?? []), `[${sentence}](../test/oauth/${file})`])
      }
    }
  }
  return found
}

suite('requirements by number', () => {
  const tested = testsByNumber()
  const text = readFileSync(page, 'utf8')

  test('each has a row in docs/http.md, which names its tests', () => {
    const written = text.replaceAll(TABLE, (whole, _name, body: string) => {
      const rows = body.trimEnd().split('\n')
      const complete = rows.map((row) => {
        const [, number = '', what = ''] = row.split('|').map((cell) => cell.trim())
        if (!/^[A-Z]+-\d\d$/.test(number)) return row
        return `| ${number} | ${what} | ${(tested.get(number) ?? []).join('; ')} |`
      })
      return whole.replace(body, `${complete.join('\n')}\n`)
    })
    if (process.env['OUTRIGHT_UPDATE'] === '1') writeFileSync(page, written)
    assert.equal(readFileSync(page, 'utf8'), written)
  })

  test('each is there, and a test holds it', () => {
    const expected = Object.entries(held).flatMap(([prefix, which]) => {
      const numbers =
        typeof which === 'number' ? Array.from({ length: which }, (_, at) => at + 1) : which
      return numbers.map((number) => `${prefix}-${String(number).padStart(2, '0')}`)
    })
    const listed = [...text.matchAll(/^\| ([A-Z]+-\d\d) \|/gm)].map(([, number]) => number)
    assert.deepEqual(listed, expected)
    assert.deepEqual([...tested.keys()].toSorted(), expected.toSorted())
  })
})
