/** Clients that publish their keys at an address of their own (`jwks_uri`), over real HTTP. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { metadataProblem } from '../../src/http/oauth-client.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { register } from './relying-parties.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>

const published: object[] = []
let asked = 0
let keys: Server
let server: TestServer
let uri: string

before(async () => {
  keys = createServer((_, response) => {
    asked++
    response.setHeader('content-type', 'application/jwk-set+json')
    response.end(JSON.stringify({ keys: published }))
  })
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
  uri = `http://127.0.0.1:${String((keys.address() as AddressInfo).port)}/jwks`
  const config = { allowedPrivateAddresses: ['127.0.0.1'] }
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: true, config })
  await registerAt(server)
})
after(async () => {
  await server.close()
  keys.close()
})

async function registerAt(at: TestServer): Promise<void> {
  const oauth = {
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: uri,
  }
  await register(at, { id: 'batch', secret: undefined, redirectUris: [], oauth })
}

async function publish(kid: string): Promise<Pair> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  published.push({ ...(await exportJWK(pair.publicKey)), kid, use: 'sig' })
  return pair
}

/** What the token endpoint says to an assertion. */
async function present(pair: Pair, kid: string, at = server): Promise<string> {
  const iat = Math.floor(at.dependencies.clock.nowMs() / 1000)
  const { issuer } = at.dependencies
  const jwt = await new SignJWT({
    iss: 'batch',
    sub: 'batch',
    aud: issuer,
    jti: crypto.randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuedAt(iat)
    .setExpirationTime(iat + 60)
    .sign(pair.privateKey)
  const reply = await at.call('POST', '/oauth2/token', {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jwt,
    }),
  })
  return `${String(reply.status)} ${String(reply.json().error ?? 'tokens')}`
}

suite('a client with a jwks_uri', () => {
  test('proves who it is with a key that is published there, and goes on with the next one', async () => {
    const one = await publish('one')
    assert.equal(await present(one, 'one'), '200 tokens')
    assert.equal(await present(one, 'one'), '200 tokens')
    assert.equal(asked, 1)
    const two = await publish('two')
    assert.equal(await present(two, 'one'), '401 invalid_client')
    // The keys were read a moment ago: it cannot be said yet.
    assert.equal(await present(two, 'two'), '503 temporarily_unavailable')
  })

  test('JW-05: an address of the operator’s network is not asked unless it is listed', async () => {
    const config = { allowedPrivateAddresses: ['10.0.0.0/8'] }
    const careful = await startTestServer({ oneNode: true, config })
    try {
      await registerAt(careful)
      const before = asked
      const pair = await generateKeyPair('ES256', { extractable: true })
      assert.equal(await present(pair, 'one', careful), '503 temporarily_unavailable')
      assert.equal(asked, before)
    } finally {
      await careful.close()
    }
  })

  test('has either its keys or their address, which cannot be changed on the way', () => {
    const problem = (oauth: object): string => {
      const client = { dialect: 'oauth', id: 'x', key: 'x', secretHash: undefined }
      const found = metadataProblem({ ...client, attributes: { oauth: oauth as never } }) ?? {}
      return Object.entries(found).flat().join(' ')
    }
    const method = { token_endpoint_auth_method: 'private_key_jwt' }
    assert.equal(problem({ ...method, jwks_uri: 'https://client.example/jwks' }), '')
    assert.match(problem(method), /oauth\/jwks is missing: private_key_jwt needs it, or jwks_uri/)
    const both = { jwks: { keys: [] }, jwks_uri: 'https://client.example/jwks' }
    assert.match(problem({ ...method, ...both }), /oauth\/jwks_uri must not be there beside jwks/)
    for (const wrong of [
      'http://client.example/jwks',
      'https://a.example/#k',
      'file:///etc/passwd',
    ]) {
      assert.match(problem({ ...method, jwks_uri: wrong }), /jwks_uri must be an https URL/, wrong)
    }
  })
})
