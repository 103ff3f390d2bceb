import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { readKeySet } from './key-set.ts'

suite('key sets of others', () => {
  test('of each key only what verifies is taken', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const { kty, n, e } = await exportJWK(publicKey)
    const whole = {
      ...(await exportJWK(privateKey)),
      kid: 'a',
      use: 'sig',
      alg: 'RS256',
      x5u: 'https://attacker.example/',
      x5c: ['MII'],
      jku: 'https://attacker.example/',
    }
    assert.deepEqual(readKeySet({ keys: [whole] }), {
      keys: [{ kid: 'a', alg: 'RS256', kty, n, e }],
    })
  })

  test('every kind of key that signs tokens is taken', async () => {
    for (const alg of ['RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
      const { publicKey } = await generateKeyPair(alg, { extractable: true })
      const set = readKeySet({ keys: [{ ...(await exportJWK(publicKey)), kid: alg }] })
      assert.equal(set.keys.length, 1, alg)
    }
  })

  test('what cannot verify, or must not, is left out', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const good = { ...(await exportJWK(publicKey)), kid: 'k' }
    const bad = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'HS256' },
      { ...good, kid: undefined },
      { ...good, kid: 7 },
      { ...good, kid: 'k'.repeat(300) },
      { ...good, use: 'enc' },
      { ...good, key_ops: ['sign'] },
      { ...good, alg: 'none' },
      { ...good, alg: 'HS256' },
      { ...good, crv: 'secp256k1' },
      { kty: 'RSA', kid: 'k', n: 'x'.repeat(5000), e: 'AQAB' },
      { kty: 'RSA', kid: 'k', n: 'x'.repeat(100), e: 'AQAB' },
      { kty: 'RSA', kid: 'k', n: 'x'.repeat(342), e: 'x'.repeat(342) },
      null,
      'key',
    ]
    assert.deepEqual(readKeySet({ keys: bad }), { keys: [] })
  })

  test('what is not a key set, and what has too many keys, is refused', () => {
    for (const document of [null, 7, [], {}, { keys: {} }, { keys: Array(101).fill({}) }]) {
      assert.throws(() => readKeySet(document))
    }
  })
})
