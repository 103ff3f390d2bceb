import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rejected } from './token-verifier.ts'
import { VerifiedTokens, type VerifiedToken } from './verified-tokens.ts'

/** A record of a token; what it says is of no matter here. */
function recordOf(token: string): VerifiedToken {
  return {
    token,
    claims: {} as VerifiedToken['claims'],
    facts: {} as VerifiedToken['facts'],
    expiresAtMs: 0,
    accepted: rejected.missing,
    next: undefined,
  }
}

suite('VerifiedTokens', () => {
  test('tells tokens apart that end alike', () => {
    const verified = new VerifiedTokens(10)
    const [one, two, three] = ['one.ending', 'two.ending', 'three.ending'].map(recordOf)
    for (const record of [one, two, three]) verified.add(record!)
    assert.equal(verified.get('one.ending'), one)
    assert.equal(verified.get('two.ending'), two)
    assert.equal(verified.get('three.ending'), three)
    assert.equal(verified.get('four.ending'), undefined)
    assert.equal(verified.get('ending'), undefined)
    assert.equal(verified.get(''), undefined)
  })

  test('what is used survives, what is not is forgotten, also among tokens that end alike', () => {
    const verified = new VerifiedTokens(20)
    const kept = recordOf('kept.ending')
    verified.add(recordOf('dropped.ending'))
    verified.add(kept)
    verified.add(recordOf('dropped too.ending'))
    for (let at = 0; at < 100; at++) {
      verified.add(recordOf(`token ${String(at).padStart(6, '0')}`))
      assert.equal(verified.get('kept.ending'), kept)
      assert.ok(verified.size <= 20)
    }
    assert.equal(verified.get('dropped.ending'), undefined)
    assert.equal(verified.get('dropped too.ending'), undefined)
  })

  test('remembers none where it may not', () => {
    const verified = new VerifiedTokens(0)
    verified.add(recordOf('a token'))
    assert.equal(verified.get('a token'), undefined)
  })

  test('forgets all', () => {
    const verified = new VerifiedTokens(10)
    verified.add(recordOf('a token'))
    verified.clear()
    assert.equal(verified.get('a token'), undefined)
    assert.equal(verified.size, 0)
  })
})
