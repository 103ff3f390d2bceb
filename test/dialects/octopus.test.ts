/**
 * Octopus, statement by statement: its logout page, and what every answer has. Quotes are from the
 * pages that the API's clients were written to.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startTestServer, type CallOptions } from '../harness.ts'
import {
  assertError,
  assertUnauthorized,
  bearer,
  office,
  useOctopus,
  type Tokens,
} from './octopus-client.ts'
import { rawRequest } from './raw-request.ts'

const HOUR_MS = 3_600_000

const { server, login, refresh, logout, wallets } = await useOctopus()

suite('Octopus, the logout page', () => {
  test('"Revoke all active tokens (both access and refresh) for the authenticated client"', async () => {
    const [one, other] = [await login(), await login()]
    assert.equal((await logout(one.access_token)).status, 200)
    assertUnauthorized(await wallets(one.access_token), 'Invalid token')
    assertUnauthorized(await wallets(other.access_token), 'Invalid token')
    assertUnauthorized(await refresh(one.refresh_token), 'Invalid token')
    assertUnauthorized(await refresh(other.refresh_token), 'Invalid token')
  })

  test('"Requires a valid access token": a refresh token is none', async () => {
    const { access_token, refresh_token } = await login()
    assertUnauthorized(await logout(refresh_token), 'Invalid token')
    assert.equal((await wallets(access_token)).status, 200)
  })

  test('the response is the documented one, byte for byte', async () => {
    const { access_token } = await login()
    const reply = await logout(access_token)
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '{"success":true,"data":{"message":"Successfully logged out"}}')
    assert.equal(reply.headers['content-type'], 'application/json')
    assert.match(reply.headers['outright-revocation'] ?? '', /^[\da-f-]{36}$/)
    assert.match(reply.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
  })

  test('curl -X POST {{host}}/auth/logout -H "Authorization: Bearer …"', async () => {
    const { access_token } = await login()
    const reply = await rawRequest(server.url, [
      'POST /auth/logout HTTP/1.1',
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      `Authorization: Bearer ${access_token}`,
    ])
    assert.equal(reply.status, 200)
    assert.equal(reply.body, '{"success":true,"data":{"message":"Successfully logged out"}}')
  })

  test('http.NewRequest("POST", "{{host}}/auth/logout", nil)', async () => {
    const { access_token } = await login()
    const reply = await rawRequest(server.url, [
      'POST /auth/logout HTTP/1.1',
      'User-Agent: Go-http-client/1.1',
      'Content-Length: 0',
      `Authorization: Bearer ${access_token}`,
      'Accept-Encoding: gzip',
    ])
    assert.equal(reply.status, 200)
    const result = JSON.parse(reply.body) as { data: { message: string } }
    assert.equal(result.data.message, 'Successfully logged out')
  })

  test('"No request body is required": one that is sent does not matter', async () => {
    for (const body of [
      '{}',
      '{broken',
      Buffer.from([0xff, 0xfe]),
      new URLSearchParams({ a: '1' }),
    ]) {
      const { access_token } = await login()
      const reply = await server.call('POST', '/auth/logout', {
        headers: bearer(access_token),
        body,
      })
      assert.equal(reply.status, 200)
    }
  })

  test('"All tokens for the client are revoked — not just the one used": of that client alone', async () => {
    const [demo, inOffice] = [await login(), await login('office', office)]
    assert.equal((await logout(demo.access_token)).status, 200)
    assert.equal((await wallets(inOffice.access_token, office)).status, 200)
    assert.equal((await refresh(inOffice.refresh_token, office)).status, 200)
  })

  test('"To use the API again, call login to obtain new tokens"', async () => {
    const { access_token } = await login()
    await logout(access_token)
    const again = await login()
    assert.equal((await wallets(again.access_token)).status, 200)
    assert.equal((await refresh(again.refresh_token)).status, 200)
  })

  test('"No Authorization header provided"', async () => {
    const message = 'Authorization header required'
    assertUnauthorized(await server.call('POST', '/auth/logout'), message)
    assertUnauthorized(await server.call('GET', '/api/v1/wallets'), message)
    const empty = { headers: { authorization: '' } }
    assertUnauthorized(await server.call('POST', '/auth/logout', empty), message)
  })

  test('"the JWT signature is invalid"', async () => {
    const { access_token } = await login()
    const forged = `${access_token.slice(0, -8)}AAAAAAAA`
    assertUnauthorized(await logout(forged), 'Invalid token')
    assert.equal((await wallets(access_token)).status, 200)
  })

  test('"the token does not exist in the system": a token of another API', async () => {
    const headers = { 'x-client-key': 'baanx-demo-key' }
    const body = { email: 'demo@example.com', password: 'demo-password' }
    const reply = await server.call('POST', '/v1/auth/login', { headers, body })
    const { accessToken } = reply.json() as { accessToken: string }
    assertUnauthorized(await logout(accessToken), 'Invalid token')
  })

  test('"the token has already been revoked": the second logout', async () => {
    const { access_token } = await login()
    assert.equal((await logout(access_token)).status, 200)
    assertUnauthorized(await logout(access_token), 'Invalid token')
    assertUnauthorized(await logout(access_token), 'Invalid token')
  })

  test('"Access tokens are valid for 1 hour. If expired, call refresh first, then retry logout"', async () => {
    const { access_token, refresh_token } = await login()
    server.advance(HOUR_MS - 60_000)
    assert.equal((await wallets(access_token)).status, 200)
    server.advance(61_000)
    assertUnauthorized(await logout(access_token), 'Token expired')
    assertUnauthorized(await wallets(access_token), 'Token expired')
    const renewed = (await refresh(refresh_token)).json() as { data: Tokens }
    assert.equal((await logout(renewed.data.access_token)).status, 200)
    assertUnauthorized(await refresh(renewed.data.refresh_token), 'Invalid token')
  })

  test('"Request IP is not in the client\'s whitelist"', async () => {
    const { access_token } = await login('office', office)
    const elsewhere = { 'x-forwarded-for': '203.0.114.1' }
    const reply = await logout(access_token, elsewhere)
    assertError(reply, 403, 'ForbiddenError', 'FORBIDDEN', 'IP address not authorized')
    assert.equal((await wallets(access_token, office)).status, 200)
    assert.equal((await logout(access_token, office)).status, 200)
  })
})

suite('Octopus, what every answer has', () => {
  test('wallets are a raw list', async () => {
    const { access_token } = await login()
    const reply = await wallets(access_token)
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '[]')
  })

  test('X-Request-Id is echoed, or made', async () => {
    const id = '2Nj1KsvNzYLlY3sUDZsCNcFwLLi'
    const headers = { 'x-request-id': id }
    const calls: readonly [string, string, CallOptions][] = [
      ['POST', '/auth/login', { headers, body: {} }],
      ['POST', '/auth/logout', { headers }],
      ['GET', '/api/v1/wallets', { headers }],
      ['GET', '/auth/nowhere', { headers }],
      ['PUT', '/auth/logout', { headers }],
    ]
    for (const [method, path, options] of calls) {
      assert.equal((await server.call(method, path, options)).headers['x-request-id'], id)
    }
    const made = (await server.call('POST', '/auth/logout')).headers['x-request-id'] ?? ''
    assert.match(made, /^[\w-]{20,}$/)
  })

  test('404 in the envelope for what is not there', async () => {
    for (const path of ['/auth', '/auth/', '/auth/logout/', '/auth/nowhere', '/api/v1/wallets/1']) {
      const reply = await server.call('POST', path)
      assertError(reply, 404, 'NotFoundError', 'NOT_FOUND', 'Resource not found')
    }
  })

  test('405 in the envelope, with Allow', async () => {
    for (const [method, path, allow] of [
      ['GET', '/auth/login', 'POST'],
      ['GET', '/auth/logout', 'POST'],
      ['DELETE', '/auth/logout', 'POST'],
      ['PATCH', '/auth/refresh', 'POST'],
      ['POST', '/api/v1/wallets', 'GET, HEAD'],
    ] as const) {
      const reply = await server.call(method, path)
      assertError(reply, 405, 'MethodNotAllowedError', 'METHOD_NOT_ALLOWED', 'Method not allowed')
      assert.equal(reply.headers['allow'], allow)
    }
  })

  test('Prefer: respond-async is honoured', async () => {
    // The node that was asked knows at once; the others have not been waited for.
    const own = await startTestServer({ oneNode: true })
    try {
      const body = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }
      const session = await own.call('POST', '/auth/login', { body })
      const { access_token } = (session.json() as { data: Tokens }).data
      const headers = { ...bearer(access_token), prefer: 'respond-async' }
      const reply = await own.call('POST', '/auth/logout', { headers })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['preference-applied'], 'respond-async')
      const refused = await own.call('GET', '/api/v1/wallets', { headers: bearer(access_token) })
      assertUnauthorized(refused, 'Invalid token')
    } finally {
      await own.close()
    }
  })
})
