import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { generationIn, generationsFrom, isOvertaken, toWire } from './generation.ts'
import { hasOneKey, isWide, keyOf, readKey, scopeRow, scopes, sessionCounters } from './scope.ts'

const names = {
  jti: 'token 1',
  sid: 'session 1',
  sub: 'maria da silva',
  client_id: 'shop',
  device_id: 'tv',
  kid: 'key',
}

suite('the table of scopes', () => {
  test('gives each counter that tokens carry a name of its own in them', () => {
    const given = sessionCounters.map((scope) => scopeRow(scope).generation)
    assert.equal(new Set(given).size, given.length)
  })

  test('says of every scope how it ends: none is a counter because it is not known', () => {
    for (const scope of scopes) assert.equal(isWide(scope), scopeRow(scope).kind === 'counter')
    // The column is made by a step of the schema, so it is for what sessions are named by alone.
    for (const scope of sessionCounters) assert.ok(isWide(scope), scope)
  })

  test('makes keys that read back as what they were made of', () => {
    for (const scope of scopes) {
      const row = scopeRow(scope)
      const key = keyOf(row, names)
      assert.ok(key !== undefined && key !== '', scope)
      const expected = Object.fromEntries(row.key.map((claim) => [claim, names[claim]]))
      assert.deepEqual(readKey(scope, key), hasOneKey(scope) ? {} : expected)
    }
  })

  test('has no key for what does not name it', () => {
    for (const scope of scopes) {
      if (!hasOneKey(scope)) assert.equal(keyOf(scopeRow(scope), {}), undefined, scope)
    }
    assert.equal(keyOf(scopeRow('grant'), { client_id: 'shop' }), undefined)
  })
})

suite('generations', () => {
  test('come back from a token as they were, those that were never raised without a place', () => {
    const generations = generationsFrom((scope) => (scope === 'grant' ? 7 : 0))
    const carried = toWire(generations)
    assert.deepEqual(carried, { g: 7 })
    assert.deepEqual(
      generationsFrom((scope) => generationIn(carried, scope)),
      generations,
    )
  })

  test('are read by their own names alone', () => {
    assert.equal(generationIn(Object.create({ s: 9 }) as { s: number }, 'subject'), 0)
    assert.equal(generationIn({ 0: 9, 1: 9, x: 9 }, 'subject'), 0)
  })

  test('are overtaken by any one that was raised', () => {
    const then = generationsFrom(() => 1)
    assert.equal(isOvertaken(then, then), false)
    for (const scope of sessionCounters) {
      assert.equal(isOvertaken(then, { ...then, [scope]: 2 }), true, scope)
      assert.equal(isOvertaken(then, { ...then, [scope]: 0 }), false, scope)
    }
  })
})
