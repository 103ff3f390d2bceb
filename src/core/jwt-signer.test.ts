import assert from 'node:assert/strict'
import { KeyObject, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { compactVerify, importJWK, SignJWT, type JWK } from 'jose'
import { jwtSigner } from './jwt-signer.ts'
import { loadKey, newKey } from './loaded-key.ts'

const claims = { iss: 'https://a.example', sub: 'zoë 🦊', gen: { client: 3 }, device_id: undefined }

suite('JWTs that the node signs', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    test(`${algorithm}: the same bytes as of jose, with a signature that jose accepts`, async () => {
      const key = await newKey('the-kid', algorithm, 0)
      const token = await jwtSigner(key)('at+jwt', claims)
      const privateKey = await importJWK(JSON.parse(key.privateJwk) as JWK, algorithm)
      const other = await new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: 'the-kid' })
        .sign(privateKey)
      // Signatures of ECDSA hold a random number.
      const length = algorithm === 'ES256' ? other.lastIndexOf('.') : other.length
      assert.equal(token.slice(0, length), other.slice(0, length))
      assert.equal(token.length, other.length)
      await compactVerify(token, (await loadKey(key)).publicKey)
    })
  }

  test('signatures of ECDSA whose numbers are short or long verify', async () => {
    const { sign, publicKey } = await loadKey(await newKey('the-kid', 'ES256', 0))
    const key = { key: KeyObject.from(publicKey), dsaEncoding: 'ieee-p1363' } as const
    // One in 128 begins with eight zeros in one of its numbers, three of four with a bit that is set.
    for (let n = 0; n < 1000; n++) {
      const [header, payload, signature = ''] = (await sign('at+jwt', { n })).split('.')
      const input = Buffer.from(`${header}.${payload}`)
      assert.ok(verify('sha256', input, key, Buffer.from(signature, 'base64url')))
    }
  })

  test('types are not mixed up', async () => {
    const { sign, publicKey } = await loadKey(await newKey('the-kid', 'ES256', 0))
    const types = ['at+jwt', 'receipt+jwt', 'at+jwt']
    const signed = await Promise.all(types.map((type) => sign(type, claims)))
    const verified = await Promise.all(signed.map((token) => compactVerify(token, publicKey)))
    assert.deepEqual(
      verified.map(({ protectedHeader }) => protectedHeader['typ']),
      types,
    )
  })
})
