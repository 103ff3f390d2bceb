import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const admin = { authorization: 'Bearer outright-demo-admin' }

test('any reader can verify a receipt with the key set', async () => {
  const revoked = await server.call('POST', '/outright/v1/revocations', {
    headers: admin,
    body: { scope: 'subject', key: 'maria', reason: 'compromised' },
  })
  const id = revoked.headers['outright-revocation'] ?? ''
  const reply = await server.call('GET', `/outright/v1/revocations/${id}`, {
    headers: { ...admin, accept: 'application/jwt' },
  })
  assert.equal(reply.headers['content-type'], 'application/jwt')
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`))
  const { payload } = await jwtVerify(reply.text, keys, {
    typ: 'outright-receipt+jwt',
    issuer: 'http://127.0.0.1:8080',
  })
  assert.equal(payload.sub, id)
  assert.deepEqual(payload['confirmed'], { acknowledged: 1, verifiers: 1, lapsed: 0, ms: 0 })
  const { scope, key } = payload['revocation'] as { scope: string; key: string }
  assert.deepEqual([scope, key], ['subject', 'maria'])
})

test('a receipt is not an access token', async () => {
  const revoked = await server.call('POST', '/outright/v1/revocations', {
    headers: admin,
    body: { scope: 'client', key: '42' },
  })
  const id = revoked.headers['outright-revocation'] ?? ''
  const { text } = await server.call('GET', `/outright/v1/revocations/${id}`, {
    headers: { ...admin, accept: 'application/jwt' },
  })
  const check = await server.call('GET', '/outright/v1/check', {
    headers: { authorization: `Bearer ${text}` },
  })
  assert.equal(check.status, 401)
})

test('a revocation that does not exist has no receipt', async () => {
  const unknown = await server.call('GET', '/outright/v1/revocations/nothing', {
    headers: { ...admin, accept: 'application/jwt' },
  })
  assert.equal(unknown.status, 404)
})
