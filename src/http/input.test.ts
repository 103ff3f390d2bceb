import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parametersReader } from './input.ts'
import { count, lenient, optional, text } from './schema.ts'

interface Query {
  readonly name?: string
  readonly page?: number
}

const schema = lenient<Query>({ name: optional(text(5)), page: optional(count({ maximum: 99 })) })

function reads(query: string, areLenient: boolean): unknown {
  const result = parametersReader('query', schema, { areLenient })(new URLSearchParams(query))
  return result.ok ? result.value : result.problems.map(({ at, kind }) => `${at.join()} ${kind}`)
}

test('an API that is lenient takes an empty parameter for none, and the same value twice for once', () => {
  assert.deepEqual(reads('name=&page=', true), {})
  assert.deepEqual(reads('name=ann&name=ann', true), { name: 'ann' })
  assert.deepEqual(reads('name=ann&name=bob', true), ['name twice'])
  assert.deepEqual(reads('name=&page=', false), ['name out_of_range', 'page wrong_type'])
  assert.deepEqual(reads('name=ann&name=ann', false), ['name twice'])
})

test('numbers are written one way, but for leading zeros up to the digits of the greatest', () => {
  assert.deepEqual(reads('page=7', true), { page: 7 })
  assert.deepEqual(reads('page=07', true), { page: 7 })
  for (const wrong of ['007', '1e1', '0x1', ' 7', '7.0', '+7']) {
    assert.deepEqual(reads(`page=${encodeURIComponent(wrong)}`, true), ['page wrong_type'], wrong)
  }
  assert.deepEqual(reads('page=100', true), ['page out_of_range'])
})
