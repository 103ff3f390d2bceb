/** Answers as JWTs: RFC 9701 by the numbers of `docs/http.md`. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  compactDecrypt,
  createRemoteJWKSet,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  type JWTVerifyResult,
} from 'jose'
import { tokenEndpointsMetadata } from '../../src/http/token-endpoints.ts'
import { useResourceServers } from './resource-world.ts'

const type = 'application/token-introspection+jwt'
const keys = await generateKeyPair('ECDH-ES+A128KW', { extractable: true })
const sealedKey = { ...(await exportJWK(keys.publicKey)), alg: 'ECDH-ES+A128KW', kid: 'sealed-1' }

suite('token introspection as a JWT', () => {
  const world = useResourceServers(sealedKey)
  const verify = (jwt: string): Promise<JWTVerifyResult> =>
    jwtVerify(jwt, createRemoteJWKSet(new URL(`${world.server.url}/.well-known/jwks.json`)))
  const signed = async (token: string, id = 'orders'): Promise<JWTVerifyResult> => {
    const reply = await world.askAs(id, token, type)
    assert.equal(reply.status, 200, reply.text)
    return verify(reply.text)
  }

  test('IJ-01: it is given to callers that ask for it by Accept, and to no others', async () => {
    const token = await world.token()
    for (const [accept, expected] of [
      [type, type],
      [`application/json;q=0.5, ${type}`, type],
      [`${type};q=0.5, application/json`, 'application/json'],
      ['*/*', 'application/json'],
      [`${type};q=0`, 'application/json'],
    ] as const) {
      const reply = await world.askAs('orders', token, accept)
      assert.equal(reply.headers['content-type'], expected, accept)
      assert.equal(reply.headers['vary'], 'accept')
      assert.equal(reply.headers['cache-control'], 'no-store')
    }
  })

  test('IJ-02: its type is its own, so that nothing takes it for a token', async () => {
    const token = await world.token()
    const reply = await world.askAs('orders', token, type)
    assert.equal((await verify(reply.text)).protectedHeader.typ, 'token-introspection+jwt')
    assert.equal(await world.verdict(reply.text), 'invalid')
  })

  test('IJ-03: issuer, who asked, when, and what plain JSON would say', async () => {
    const token = await world.token({ scope: 'read' })
    const { payload } = await signed(token)
    const { iss, aud, iat, token_introspection: said } = payload
    assert.equal(iss, world.server.url)
    assert.equal(aud, 'orders')
    assert.ok(Math.abs(Number(iat) - Date.now() / 1000) < 60)
    assert.deepEqual(said, (await world.askAs('orders', token)).json())
  })

  test('IJ-04: neither sub nor exp stand at the top', async () => {
    const { payload } = await signed(await world.token())
    assert.deepEqual(Object.keys(payload).toSorted(), ['aud', 'iat', 'iss', 'token_introspection'])
  })

  test('IJ-05: a caller that does not identify itself gets 400; a wrong secret is 401', async () => {
    const token = await world.token()
    const nobody = await world.ask({ token }, { accept: type })
    assert.equal(nobody.status, 400)
    assert.equal(nobody.json().error, 'invalid_request')
    const fields = { token, client_id: 'orders', client_secret: 'wrong' }
    assert.equal((await world.ask(fields, { accept: type })).status, 401)
  })

  test('IJ-06: of a token that is for others it learns nothing', async () => {
    const { payload } = await signed(await world.token(), 'billing')
    assert.deepEqual(payload['token_introspection'], { active: false })
  })

  test('IJ-07: not active, and nothing else, of what is not good', async () => {
    const ended = await world.token()
    assert.equal((await world.revoke({ token: ended, client_id: 'web' })).status, 200)
    for (const token of ['unknown', ended]) {
      const { payload } = await signed(token)
      assert.deepEqual(payload['token_introspection'], { active: false })
      assert.equal(payload['aud'], 'orders')
    }
  })

  test('IJ-08: the scopes that concern who asks', async () => {
    const { payload } = await signed(await world.token({ scope: 'read write' }), 'reader')
    assert.equal((payload['token_introspection'] as { scope: string }).scope, 'read')
  })

  test('IJ-09: a server with a key gets it signed, then encrypted', async () => {
    const reply = await world.askAs('sealed', await world.token(), type)
    assert.equal(reply.headers['content-type'], type)
    assert.throws(() => decodeJwt(reply.text))
    const { plaintext, protectedHeader } = await compactDecrypt(reply.text, keys.privateKey)
    const { alg, enc, cty, kid } = protectedHeader
    assert.deepEqual(
      { alg, enc, cty, kid },
      { alg: 'ECDH-ES+A128KW', enc: 'A128CBC-HS256', cty: 'JWT', kid: 'sealed-1' },
    )
    const { payload } = await verify(Buffer.from(plaintext).toString('utf8'))
    assert.equal(payload.aud, 'sealed')
    assert.equal((payload['token_introspection'] as { active: boolean }).active, true)
  })

  test('IJ-10: signed by the algorithm of the installation; encrypted by that of the key', async () => {
    const { protectedHeader } = await signed(await world.token())
    assert.equal(protectedHeader.alg, 'ES256')
  })

  test('IJ-11: metadata names the algorithms', () => {
    const metadata = tokenEndpointsMetadata(world.server.url, 'ES256')
    assert.deepEqual(metadata['introspection_signing_alg_values_supported'], ['ES256'])
    for (const [name, value] of [
      ['introspection_encryption_alg_values_supported', sealedKey.alg],
      ['introspection_encryption_enc_values_supported', 'A128CBC-HS256'],
    ] as const) {
      assert.ok((metadata[name] as readonly string[]).includes(value), name)
    }
  })
})
