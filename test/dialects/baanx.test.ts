/** Baanx, statement by statement: logout, the order of the checks, and paths. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import {
  assertBody,
  assertUnauthorized,
  bearer,
  demo,
  grant,
  key,
  login,
  logout,
  post,
  probe,
  refresh,
} from './baanx-calls.ts'
import { rawRequest } from './raw-request.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Baanx, the logout page', () => {
  test('"Invalidate the current access token and end the user\'s session"', async () => {
    const token = await login(server)
    assert.equal(await probe(server, token), 200)
    const reply = await logout(server, token)
    assertBody(reply, 200, { success: true })
    assert.match(reply.headers['outright-revocation'] ?? '', /^[\da-f-]{36}$/)
    assert.match(reply.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
    assert.equal(await probe(server, token), 401)
  })

  test('"Access token becomes invalid immediately"', async () => {
    for (let round = 0; round < 10; round++) {
      const token = await login(server)
      await logout(server, token)
      assert.equal(await probe(server, token), 401)
    }
  })

  test('"All subsequent requests with this token will fail with 401 Unauthorized"', async () => {
    const token = await login(server)
    await logout(server, token)
    const headers = bearer(token)
    assertUnauthorized(await server.call('GET', '/v1/user', { headers }))
    assertUnauthorized(await logout(server, token))
    assertUnauthorized(await logout(server, token))
    assertUnauthorized(await server.call('DELETE', '/v1/auth/oauth/revoke', { headers }))
    assertUnauthorized(await post(server, '/v1/auth/oauth/authorize', { token: 'x' }, headers))
  })

  test('"User must login again to get a new access token"', async () => {
    const before = await login(server)
    await logout(server, before)
    const token = await login(server)
    assert.equal(await probe(server, token), 200)
    assert.equal(await probe(server, before), 401)
  })

  test('other sessions and OAuth grants of the user stay', async () => {
    const [token, other] = [await login(server), await login(server)]
    const pair = await grant(server, other)
    await logout(server, token)
    assert.equal(await probe(server, other), 200)
    assert.equal(await probe(server, pair.access_token), 200)
    assert.equal((await refresh(server, pair.refresh_token)).status, 200)
  })

  test('with an OAuth token, the refresh token beside it ends too, and nothing else', async () => {
    const token = await login(server)
    const [pair, other] = [await grant(server, token), await grant(server, token)]
    assertBody(await logout(server, pair.access_token), 200, { success: true })
    assert.equal(await probe(server, pair.access_token), 401)
    assertBody(await refresh(server, pair.refresh_token), 400, { error: 'invalid_grant' })
    assert.equal(await probe(server, other.access_token), 200)
    assert.equal(await probe(server, token), 200)
  })

  test('curl -X POST … -H "x-client-key: …" -H "Authorization: Bearer …"', async () => {
    const reply = await rawRequest(server.url, [
      'POST /v1/auth/logout HTTP/1.1',
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      'x-client-key: baanx-demo-key',
      `Authorization: Bearer ${await login(server)}`,
    ])
    assert.equal(reply.status, 200)
    assert.equal(reply.body, '{"success":true}')
  })

  test("fetch('…/v1/auth/logout', { method: 'POST', headers })", async () => {
    const response = await fetch(`${server.url}/v1/auth/logout`, {
      method: 'POST',
      headers: {
        'x-client-key': 'baanx-demo-key',
        Authorization: `Bearer ${await login(server)}`,
      },
    })
    assert.equal(response.ok, true)
    assert.deepEqual(await response.json(), { success: true })
  })

  test("requests.post('…/v1/auth/logout', headers=…)", async () => {
    const reply = await rawRequest(server.url, [
      'POST /v1/auth/logout HTTP/1.1',
      'User-Agent: python-requests/2.32.3',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'x-client-key: baanx-demo-key',
      `Authorization: Bearer ${await login(server)}`,
      'Content-Length: 0',
    ])
    assert.equal(reply.status, 200)
    assert.equal(reply.body, '{"success":true}')
  })

  test('Prefer: respond-async is honoured', async () => {
    // The node that was asked knows at once; the others have not been waited for.
    const own = await startTestServer({ oneNode: true })
    try {
      const token = await login(own)
      const reply = await logout(own, token, { prefer: 'respond-async' })
      assertBody(reply, 200, { success: true })
      assert.equal(reply.headers['preference-applied'], 'respond-async')
      assert.equal(await probe(own, token), 401)
    } finally {
      await own.close()
    }
  })
})

suite('Baanx, the order of the checks', () => {
  const protectedCalls = [
    ['POST', '/v1/auth/logout'],
    ['GET', '/v1/user'],
    ['DELETE', '/v1/auth/oauth/revoke'],
    ['POST', '/v1/auth/oauth/authorize'],
    ['POST', '/v1/auth/oauth2/authorize'],
  ] as const
  for (const [method, path] of protectedCalls) {
    test(`${method} ${path}: 499, then 498, then 401`, async () => {
      const token = await login(server)
      const good = { authorization: `Bearer ${token}` }
      const send = (headers: Record<string, string>): Promise<Reply> =>
        server.call(method, path, { headers })
      assertBody(await send(good), 499, { message: 'Token Required' })
      assertBody(await send({ ...good, 'x-client-key': '' }), 499, { message: 'Token Required' })
      const wrongKey = { ...good, 'x-client-key': 'wrong' }
      assertBody(await send(wrongKey), 498, { message: 'Invalid Token' })
      assertUnauthorized(await send(key))
      assertUnauthorized(await send({ ...key, authorization: 'Bearer wrong' }))
      assert.equal(await probe(server, token), 200)
    })
  }

  test('calls without a bearer: 499, then 498, then the rest', async () => {
    for (const [method, path] of [
      ['POST', '/v1/auth/login'],
      ['POST', '/v1/auth/login/otp'],
      ['GET', '/v1/auth/oauth/authorize/initiate'],
      ['POST', '/v1/auth/oauth/token'],
      ['POST', '/v1/auth/oauth2/token'],
      ['POST', '/v1/auth/oauth2/revoke'],
    ] as const) {
      assertBody(await server.call(method, path), 499, { message: 'Token Required' })
      const headers = { 'x-client-key': 'wrong' }
      assertBody(await server.call(method, path, { headers }), 498, { message: 'Invalid Token' })
    }
  })

  test('the secret of an OAuth client or another API is not a client key', async () => {
    for (const wrong of ['baanx-demo-oauth', 'octopus-demo-key', 'matar', 'x'.repeat(300)]) {
      const headers = { 'x-client-key': wrong }
      assertBody(await post(server, '/v1/auth/login', demo, headers), 498, {
        message: 'Invalid Token',
      })
    }
  })

  test('a client key sent twice is refused, even where both are good', async () => {
    const headers = [
      ['x-client-key', 'baanx-demo-key'],
      ['x-client-key', 'baanx-demo-key'],
    ] as const
    assert.equal((await server.call('POST', '/v1/auth/login', { headers, body: demo })).status, 498)
  })

  test('a token of another application is not one of this application', async () => {
    await server.store.createClient({
      id: 'baanx-other',
      name: 'Other',
      dialect: 'baanx',
      key: 'baanx-other-key',
      secretHash: undefined,
      allowlist: [],
      redirectUris: [],
      status: 'active',
      createdAtMs: 0,
      attributes: {},
    })
    const token = await login(server)
    const pair = await grant(server, token)
    for (const foreign of [token, pair.access_token]) {
      const headers = { ...bearer(foreign), 'x-client-key': 'baanx-other-key' }
      assertUnauthorized(await server.call('POST', '/v1/auth/logout', { headers }))
      assertUnauthorized(await server.call('GET', '/v1/user', { headers }))
      assert.equal(await probe(server, foreign), 200)
    }
    const headers = { 'x-client-key': 'baanx-other-key' }
    const body = { grant_type: 'refresh_token', refresh_token: pair.refresh_token }
    assertBody(await post(server, '/v1/auth/oauth/token', body, headers), 400, {
      error: 'invalid_grant',
    })
    const revoked = await post(server, '/v1/auth/oauth2/revoke', { token }, headers)
    assertBody(revoked, 400, { error: 'unauthorized_client' })
    assert.equal(await probe(server, token), 200)
    assert.equal((await refresh(server, pair.refresh_token)).status, 200)
  })
})

suite('Baanx, paths', () => {
  test('404 and 405 in its own form', async () => {
    assertBody(await post(server, '/v1/auth/nowhere'), 404, { message: 'Not Found' })
    assertBody(await server.call('GET', '/v1/user/1'), 404, { message: 'Not Found' })
    for (const [method, path, allow] of [
      ['GET', '/v1/auth/logout', 'POST'],
      ['POST', '/v1/user', 'GET, HEAD'],
      ['POST', '/v1/auth/oauth/revoke', 'DELETE'],
      ['DELETE', '/v1/auth/oauth2/revoke', 'POST'],
      ['GET', '/v1/auth/oauth/token', 'POST'],
    ] as const) {
      const reply = await server.call(method, path)
      assertBody(reply, 405, { message: 'Method Not Allowed' })
      assert.equal(reply.headers['allow'], allow)
    }
  })
})
