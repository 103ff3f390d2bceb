/**
 * Octopus, statement by statement. Quotes are from the pages that the API's clients were written
 * to.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'
import { rawRequest } from './raw-request.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const office = { 'x-forwarded-for': '203.0.113.7' }

let server: TestServer
before(async () => {
  // The office client's allowlist is tried by forwarding its address as a trusted proxy would.
  server = await startTestServer({ config: { trustedProxies: ['127.0.0.1'] } })
})
after(() => server.close())

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly access_expires_at: string
  readonly refresh_expires_at: string
  readonly client_id: number
}

function loginCall(name = 'demo', headers: Record<string, string> = {}): Promise<Reply> {
  const body = { username: `octopus-${name}-key`, password: `octopus-${name}-secret` }
  return server.call('POST', '/auth/login', { headers, body })
}

async function login(name = 'demo', headers: Record<string, string> = {}): Promise<Tokens> {
  const reply = await loginCall(name, headers)
  assert.equal(reply.status, 200, reply.text)
  return (reply.json() as { data: Tokens }).data
}

function refresh(refreshToken: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return server.call('POST', '/auth/refresh', { headers, body: { refresh_token: refreshToken } })
}

function logout(token: string, headers: Record<string, string> = {}): Promise<Reply> {
  return server.call('POST', '/auth/logout', { headers: { ...bearer(token), ...headers } })
}

function wallets(token: string, headers: Record<string, string> = {}): Promise<Reply> {
  return server.call('GET', '/api/v1/wallets', { headers: { ...bearer(token), ...headers } })
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function assertError(reply: Reply, status: number, name: string, code: string, text: string): void {
  assert.equal(reply.text, `{"error":{"name":"${name}","code":"${code}","message":"${text}"}}`)
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
  assert.notEqual(reply.headers['x-request-id'], undefined)
}

function assertUnauthorized(reply: Reply, message: string): void {
  assertError(reply, 401, 'UnauthorizedError', 'UNAUTHORIZED', message)
  assert.equal(reply.headers['www-authenticate'], 'Bearer')
}

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

suite('Octopus, login and refresh', () => {
  test('login and refresh answer with the documented keys, in their order', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000
    const reply = await loginCall()
    const { refresh_token } = (reply.json() as { data: Tokens }).data
    for (const answer of [reply, await refresh(refresh_token)]) {
      assert.equal(answer.status, 200)
      assert.match(
        answer.text,
        /^\{"success":true,"data":\{"access_token":"[\w.-]+","refresh_token":"[\w-]+","access_expires_at":"[^"]+","refresh_expires_at":"[^"]+","client_id":42\}\}$/,
      )
      const { data } = answer.json() as { data: Tokens }
      for (const time of [data.access_expires_at, data.refresh_expires_at]) {
        assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      }
      assert.equal(
        Date.parse(data.access_expires_at),
        (decodeJwt(data.access_token).exp ?? 0) * 1000,
      )
      const week = Date.parse(data.refresh_expires_at) - Date.parse(data.access_expires_at)
      // The refresh token is made before the session is stored, the access token after.
      assert.ok(Math.abs(week - (7 * DAY_MS - HOUR_MS)) <= 5000)
      assert.ok(Date.parse(data.access_expires_at) >= before + HOUR_MS)
    }
  })

  test('a missing or empty user name or password: "Username and password are required"', async () => {
    for (const body of [
      {},
      { username: 'octopus-demo-key' },
      { password: 'octopus-demo-secret' },
      { username: '', password: 'octopus-demo-secret' },
      { username: 'octopus-demo-key', password: '' },
      { username: null, password: null },
      { username: 1, password: ['octopus-demo-secret'] },
    ]) {
      const reply = await server.call('POST', '/auth/login', { body })
      assertError(
        reply,
        400,
        'ValidationException',
        'VALIDATION_FAILURE',
        'Username and password are required',
      )
    }
  })

  test('an unknown key and a wrong secret look alike: "Invalid credentials"', async () => {
    for (const body of [
      { username: 'octopus-demo-key', password: 'wrong' },
      { username: 'no-such-key', password: 'octopus-demo-secret' },
      { username: 'baanx-demo-key', password: 'demo-password' },
    ]) {
      assertUnauthorized(await server.call('POST', '/auth/login', { body }), 'Invalid credentials')
    }
  })

  test('a missing or empty refresh token: "Refresh token is required"', async () => {
    for (const body of [{}, { refresh_token: '' }, { refresh_token: null }, { refresh_token: 7 }]) {
      const reply = await server.call('POST', '/auth/refresh', { body })
      assertError(
        reply,
        400,
        'ValidationException',
        'VALIDATION_FAILURE',
        'Refresh token is required',
      )
    }
  })

  test('a refresh rotates both; the access token before it lives on', async () => {
    const first = await login()
    const { data } = (await refresh(first.refresh_token)).json() as { data: Tokens }
    assert.notEqual(data.access_token, first.access_token)
    assert.notEqual(data.refresh_token, first.refresh_token)
    assert.equal((await wallets(first.access_token)).status, 200)
    assert.equal((await wallets(data.access_token)).status, 200)
  })

  test('a used refresh token is refused; within the grace nothing else ends', async () => {
    const { refresh_token } = await login()
    const { data } = (await refresh(refresh_token)).json() as { data: Tokens }
    server.advance(2000)
    assertUnauthorized(await refresh(refresh_token), 'Invalid token')
    assert.equal((await wallets(data.access_token)).status, 200)
    assert.equal((await refresh(data.refresh_token)).status, 200)
  })

  test('a used refresh token after the grace is theft: its session ends, others stay', async () => {
    const [stolen, other] = [await login(), await login()]
    const { data } = (await refresh(stolen.refresh_token)).json() as { data: Tokens }
    server.advance(11_000)
    assertUnauthorized(await refresh(stolen.refresh_token), 'Invalid token')
    assertUnauthorized(await wallets(data.access_token), 'Invalid token')
    assertUnauthorized(await refresh(data.refresh_token), 'Invalid token')
    assert.equal((await wallets(other.access_token)).status, 200)
  })

  test('an access token does not refresh', async () => {
    const { access_token } = await login()
    assertUnauthorized(await refresh(access_token), 'Invalid token')
  })

  test('a refresh token lives for seven days, and each refresh starts them anew', async () => {
    const first = await login()
    const idle = await login()
    server.advance(6 * DAY_MS)
    const { data } = (await refresh(first.refresh_token)).json() as { data: Tokens }
    server.advance(DAY_MS + 1000)
    assertUnauthorized(await refresh(idle.refresh_token), 'Token expired')
    assert.equal((await refresh(data.refresh_token)).status, 200)
  })

  test('the allowlist holds for login and refresh, and uses nothing up', async () => {
    const denied = await loginCall('office')
    assertError(denied, 403, 'ForbiddenError', 'FORBIDDEN', 'IP address not authorized')
    const { refresh_token } = await login('office', { 'x-forwarded-for': '::ffff:203.0.113.9' })
    const refused = await refresh(refresh_token)
    assertError(refused, 403, 'ForbiddenError', 'FORBIDDEN', 'IP address not authorized')
    assert.equal((await refresh(refresh_token, office)).status, 200)
  })

  test('credentials come before the address: a stranger elsewhere learns nothing', async () => {
    const body = { username: 'octopus-office-key', password: 'wrong' }
    assertUnauthorized(await server.call('POST', '/auth/login', { body }), 'Invalid credentials')
  })

  test('a bad token from a bad address is a bad token', async () => {
    const { access_token } = await login('office', office)
    await logout(access_token, office)
    assertUnauthorized(await wallets(access_token), 'Invalid token')
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
