import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccessClaims } from './claims.ts'
import { Replica } from './replica.ts'
import { verifiedToken, type VerifiedToken } from './verified-token.ts'
import { KnownTokens } from './known-tokens.ts'

const replica = new Replica()

/** A record of a token; what it says is of no matter here. */
function recordOf(token: string): VerifiedToken {
  const claims: AccessClaims = {
    iss: 'https://auth.example',
    aud: ['api'],
    sub: 'maria',
    client_id: 'app',
    jti: '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77',
    sid: '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d78',
    gen: {},
    iat: 0,
    nbf: 0,
    exp: 4_000_000_000,
  }
  return verifiedToken(token, claims, replica)
}

suite('KnownTokens', () => {
  test('tells tokens apart that end alike', async () => {
    const verified = new KnownTokens<VerifiedToken>(10)
    const endings = ['one.ending', 'two.ending', 'three.ending']
    const [one, two, three] = endings.map(recordOf)
    for (const record of [one, two, three]) verified.add(record!)
    assert.equal(verified.get('one.ending'), one)
    assert.equal(verified.get('two.ending'), two)
    assert.equal(verified.get('three.ending'), three)
    assert.equal(verified.get('four.ending'), undefined)
    assert.equal(verified.get('ending'), undefined)
    assert.equal(verified.get(''), undefined)
  })

  test('what is used survives, what is not is forgotten, also among tokens that end alike', async () => {
    const verified = new KnownTokens<VerifiedToken>(20)
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

  test('remembers none where it may not', async () => {
    const verified = new KnownTokens<VerifiedToken>(0)
    verified.add(recordOf('a token'))
    assert.equal(verified.get('a token'), undefined)
  })

  test('forgets all', async () => {
    const verified = new KnownTokens<VerifiedToken>(10)
    verified.add(recordOf('a token'))
    verified.clear()
    assert.equal(verified.get('a token'), undefined)
    assert.equal(verified.size, 0)
  })
})
