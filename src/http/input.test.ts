import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parametersReader, partReader, type Read } from './input.ts'
import { constant, count, either, lenient, optional, repeatable, text } from './schema.ts'

interface Query {
  readonly name?: string
  readonly page?: number
}

const schema = lenient<Query>({ name: optional(text(5)), page: optional(count({ maximum: 99 })) })

function reads(query: string, areParametersLenient: boolean): unknown {
  const rules = { areParametersLenient }
  return said(parametersReader('query', schema, rules).all(new URLSearchParams(query)))
}

function said(read: Read<unknown>): unknown {
  return read.ok ? read.value : read.problems.map(({ at, kind }) => `${at.join()} ${kind}`)
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

test('one member is read whatever is wrong with the others', () => {
  const reader = parametersReader('query', schema)
  const values = new URLSearchParams('name=a&name=b&page=7')
  assert.deepEqual(said(reader.one(values, 'page')), 7)
  assert.deepEqual(said(reader.one(values, 'name')), ['name twice'])
  assert.deepEqual(said(reader.all(values)), ['name twice'])
})

test('of a parameter that may come several times the first counts', () => {
  const reader = parametersReader(
    'query',
    lenient<{ readonly at?: string }>({ at: optional(repeatable()) }),
  )
  assert.deepEqual(said(reader.all(new URLSearchParams('at=a&at=b'))), { at: 'a' })
})

interface Ask {
  readonly who: string
  readonly step: 'ask'
}

interface Tell {
  readonly who: string
  readonly step: 'tell'
  readonly code: string
}

test('of several objects the one whose constant is there says what is wrong, in the order of its members', () => {
  const steps = either(
    lenient<Ask>({ who: text(5), step: constant('ask') }),
    lenient<Tell>({ who: text(5), step: constant('tell'), code: text(5) }),
  )
  const reader = partReader('body', steps)
  assert.deepEqual(said(reader.all({ who: 'ann', step: 'ask', code: 7 })), {
    who: 'ann',
    step: 'ask',
    code: 7,
  })
  assert.deepEqual(said(reader.all({ who: 'ann', step: 'tell' })), ['code missing'])
  assert.deepEqual(said(reader.all({ step: 'tell', code: 7 })), ['who missing', 'code wrong_type'])
  assert.deepEqual(said(reader.all({ who: 7, step: 'sing' })), [
    'who wrong_type',
    'step out_of_range',
  ])
  assert.deepEqual(said(reader.all({})), ['who missing', 'step missing'])
})

test('an API may take what is null or empty for missing', () => {
  const reader = partReader('body', schema, { isBlankMissing: true })
  assert.deepEqual(said(reader.all({ name: null, page: '' })), ['name missing', 'page missing'])
  assert.deepEqual(said(reader.all({ name: 7 })), ['name wrong_type'])
})
