/** Baanx’s OAuth: initiate, authorize, token. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  assertBody,
  assertUnauthorized,
  bearer,
  challenge,
  exchangeOf,
  grant,
  initiate,
  invalidGrant,
  invalidRequest,
  key,
  login,
  obtainCode,
  post,
  probe,
  redeem,
  redirectUri,
  refresh,
  verifier,
  type Pair,
} from './baanx-calls.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

let server: TestServer
before(async () => {
  server = await startTestServer({ frozenClocks: true })
})
after(() => server.close())

suite('Baanx OAuth, initiate', () => {
  test('mode=api names the session token and the page', async () => {
    const reply = await initiate(server)
    const { token } = reply.json() as { token: string }
    const url = `http://127.0.0.1:8080/v1/auth/oauth/authorize/page?token=${token}`
    assertBody(reply, 200, { token, url })
    assert.match(token, /^[\w-]{43}$/)
  })

  test('otherwise the browser is redirected there', async () => {
    const reply = await initiate(server, { mode: undefined })
    assert.equal(reply.status, 302)
    assert.equal(reply.text, '')
    assert.match(
      reply.headers['location'] ?? '',
      /^http:\/\/127\.0\.0\.1:8080\/v1\/auth\/oauth\/authorize\/page\?token=[\w-]{43}$/,
    )
  })

  test('a browser, which cannot set the header, may send the client key in the query', async () => {
    const reply = await initiate(server, { mode: undefined, client_key: 'baanx-demo-key' }, {})
    assert.equal(reply.status, 302)
    const wrong = await initiate(server, { client_key: 'wrong' }, {})
    assertBody(wrong, 498, { message: 'Invalid Token' })
  })

  test('{"error":"invalid_request","error_description":"Missing required parameter: code_challenge"}', async () => {
    const reply = await initiate(server, { code_challenge: undefined })
    assert.equal(
      reply.text,
      '{"error":"invalid_request","error_description":"Missing required parameter: code_challenge"}',
    )
    assert.equal(reply.status, 400)
  })

  test('each missing parameter is named', async () => {
    for (const name of [
      'response_type',
      'client_id',
      'redirect_uri',
      'state',
      'code_challenge',
      'code_challenge_method',
    ]) {
      const missing = invalidRequest(`Missing required parameter: ${name}`)
      assertBody(await initiate(server, { [name]: undefined }), 400, missing)
      assertBody(await initiate(server, { [name]: '' }), 400, missing)
    }
  })

  test('what is not supported is refused in the words of RFC 6749', async () => {
    for (const [changes, body] of [
      [{ response_type: 'token' }, { error: 'unsupported_response_type' }],
      [{ client_id: 'nobody' }, { error: 'invalid_client' }],
      [{ client_id: 'demo-web' }, { error: 'invalid_client' }],
      [{ client_id: 'baanx-demo' }, { error: 'invalid_client' }],
      [
        { code_challenge_method: 'plain' },
        invalidRequest('Invalid parameter: code_challenge_method'),
      ],
      [{ code_challenge: 'too short' }, invalidRequest('Invalid parameter: code_challenge')],
    ] as const) {
      assertBody(await initiate(server, changes), 400, body)
    }
  })

  test('a redirect URI matches a registered one exactly, or no browser is sent there', async () => {
    for (const uri of [
      `${redirectUri}/`,
      `${redirectUri}?x=1`,
      `${redirectUri}#x`,
      'http://127.0.0.1:8081/demo/callback',
      'http://localhost:8080/demo/callback',
      'https://127.0.0.1:8080/demo/callback',
      'http://127.0.0.1:8080@evil.example/demo/callback',
      'http://127.0.0.1:8080/demo/../demo/callback',
      'HTTP://127.0.0.1:8080/demo/callback',
      'javascript:alert(1)',
      '//evil.example',
    ]) {
      const reply = await initiate(server, { redirect_uri: uri, mode: undefined })
      assertBody(reply, 400, invalidRequest('Invalid parameter: redirect_uri'))
      assert.equal(reply.headers['location'], undefined)
    }
  })

  test('with anyLoopbackPort, any port of a registered loopback address (RFC 8252, 7.3)', async (t) => {
    const baanx = { options: { anyLoopbackPort: true } }
    const lenient = await startTestServer({ config: { dialects: { baanx } } })
    t.after(() => lenient.close())
    const status = async (uri: string): Promise<number> =>
      (await initiate(lenient, { redirect_uri: uri })).status
    assert.equal(await status('http://127.0.0.1:49152/demo/callback'), 200)
    assert.equal(await status('http://127.0.0.1/demo/callback'), 200)
    assert.equal(await status('http://127.0.0.1:49152/other'), 400)
    assert.equal(await status('http://127.0.0.1:49152.evil.example/demo/callback'), 400)
    assert.equal(await status('http://127.0.0.1:1@evil.example/demo/callback'), 400)
    assert.equal(await status('http://[::1]:8080/demo/callback'), 400)
  })
})

suite('Baanx OAuth, authorize', () => {
  test('a person who is logged in gets {url, code, state}', async () => {
    const { token } = (await initiate(server)).json() as { token: string }
    const headers = bearer(await login(server))
    const reply = await post(server, '/v1/auth/oauth/authorize', { token }, headers)
    const { code } = reply.json() as { code: string }
    const url = `${redirectUri}?code=${code}&state=a%20state%20%26%20more`
    assertBody(reply, 200, { url, code, state: 'a state & more' })
  })

  test('the session token is good once, for ten minutes, and for the login of a person', async () => {
    const bad = invalidRequest('Invalid parameter: token')
    const path = '/v1/auth/oauth/authorize'
    const token = await login(server)
    const { token: handle } = (await initiate(server)).json() as { token: string }
    const pair = await grant(server, token)
    assertUnauthorized(await post(server, path, { token: handle }, bearer(pair.access_token)))
    assert.equal((await post(server, path, { token: handle }, bearer(token))).status, 200)
    assertBody(await post(server, path, { token: handle }, bearer(token)), 400, bad)
    assertBody(await post(server, path, { token: 'unknown' }, bearer(token)), 400, bad)
    const missing = invalidRequest('Missing required parameter: token')
    assertBody(await post(server, path, {}, bearer(token)), 400, missing)
    const { token: late } = (await initiate(server)).json() as { token: string }
    server.advance(10 * MINUTE_MS + 1000)
    assertBody(await post(server, path, { token: late }, bearer(token)), 400, bad)
  })
})

suite('Baanx OAuth, token', () => {
  test('a code for {access_token, expires_in, refresh_token, refresh_token_expires_in}', async () => {
    const reply = await redeem(server, await obtainCode(server))
    const { access_token, refresh_token } = reply.json() as Pair
    assertBody(reply, 200, {
      access_token,
      expires_in: 21_600,
      refresh_token,
      refresh_token_expires_in: 15_897_600,
    })
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.equal(reply.headers['pragma'], 'no-cache')
    assert.equal(decodeJwt(access_token)['client_id'], 'baanx-demo-oauth')
    assert.equal(await probe(server, access_token), 200)
  })

  test('JSON and form; on the newer path without redirect_uri', async () => {
    const code = await obtainCode(server)
    const form = new URLSearchParams(exchangeOf(code))
    const asForm = await server.call('POST', '/v1/auth/oauth/token', { headers: key, body: form })
    assert.equal(asForm.status, 200, asForm.text)
    const newer = { ...exchangeOf(await obtainCode(server, undefined, '/v1/auth/oauth2')) }
    delete newer['redirect_uri']
    assertBody(
      await post(server, '/v1/auth/oauth/token', newer),
      400,
      invalidRequest('Missing required parameter: redirect_uri'),
    )
    assert.equal((await post(server, '/v1/auth/oauth2/token', newer)).status, 200)
    const asText = JSON.stringify(exchangeOf(await obtainCode(server)))
    const headers = { ...key, 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await post(server, '/v1/auth/oauth/token', asText, headers)).status, 200)
  })

  test('missing and unknown parameters', async () => {
    const path = '/v1/auth/oauth/token'
    const whole = exchangeOf('x')
    for (const name of ['grant_type', 'code', 'redirect_uri', 'code_verifier']) {
      const { [name]: _left, ...rest } = whole
      const missing = invalidRequest(`Missing required parameter: ${name}`)
      assertBody(await post(server, path, rest), 400, missing)
    }
    assertBody(
      await post(server, path, { grant_type: 'refresh_token' }),
      400,
      invalidRequest('Missing required parameter: refresh_token'),
    )
    for (const grant_type of ['password', 'client_credentials', '__proto__']) {
      const unsupported = { error: 'unsupported_grant_type' }
      assertBody(await post(server, path, { ...whole, grant_type }), 400, unsupported)
    }
    assertBody(await post(server, path, '{'), 400, invalidRequest('Malformed request'))
    const twice = new URLSearchParams([...Object.entries(whole), ['code', 'y']])
    const reply = await server.call('POST', path, { headers: key, body: twice })
    assertBody(reply, 400, invalidRequest('Invalid parameter: code'))
  })

  test('a code is bound to its verifier, its redirect URI and its client', async () => {
    const code = await obtainCode(server)
    const path = '/v1/auth/oauth/token'
    for (const change of [
      { code_verifier: `${verifier}x` },
      { code_verifier: challenge },
      { redirect_uri: 'http://127.0.0.1:8080/other' },
      { client_id: 'demo-web' },
      { code: `${code}x` },
      { code: 'x' },
    ]) {
      assertBody(await post(server, path, { ...exchangeOf(code), ...change }), 400, invalidGrant)
    }
    const short = { ...exchangeOf(code), code_verifier: 'short' }
    const invalid = invalidRequest('Invalid parameter: code_verifier')
    assertBody(await post(server, path, short), 400, invalid)
    const right = { ...exchangeOf(code), client_id: 'baanx-demo-oauth' }
    assert.equal((await post(server, path, right)).status, 200)
  })

  test('a second use of a code ends what the first one opened (RFC 6749, 4.1.2)', async () => {
    const code = await obtainCode(server)
    const pair = (await redeem(server, code)).json() as Pair
    const stranger = { ...exchangeOf(code), code_verifier: 'x'.repeat(43) }
    assertBody(await post(server, '/v1/auth/oauth/token', stranger), 400, invalidGrant)
    assert.equal(await probe(server, pair.access_token), 200, 'who only saw the code ends nothing')
    assertBody(await redeem(server, code), 400, invalidGrant)
    assert.equal(await probe(server, pair.access_token), 200, 'a double submit ends nothing')
    server.advance(10_001)
    assertBody(await redeem(server, code), 400, invalidGrant)
    assert.equal(await probe(server, pair.access_token), 401)
    assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
    assertBody(await redeem(server, code), 400, invalidGrant)
  })

  test('of many uses of a code at once one succeeds, and reuse later ends its session', async () => {
    for (let round = 0; round < 5; round++) {
      const code = await obtainCode(server)
      const replies = await Promise.all(Array.from({ length: 6 }, () => redeem(server, code)))
      const [won, ...more] = replies.filter(({ status }) => status === 200)
      assert.ok(won)
      assert.deepEqual(more, [])
      const pair = won.json() as Pair
      assert.equal(await probe(server, pair.access_token), 200)
      server.advance(10_001)
      assertBody(await redeem(server, code), 400, invalidGrant)
      assert.equal(await probe(server, pair.access_token), 401)
      assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
    }
  })

  test('a code lives for five minutes', async () => {
    const code = await obtainCode(server)
    server.advance(5 * MINUTE_MS + 1000)
    assertBody(await redeem(server, code), 400, invalidGrant)
  })

  test('a refresh rotates both tokens; a repeated one within ten seconds gets the same pair', async () => {
    const first = await grant(server)
    const reply = await refresh(server, first.refresh_token)
    const second = reply.json() as Pair
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.notEqual(second.access_token, first.access_token)
    server.advance(2000)
    const again = (await refresh(server, first.refresh_token)).json() as Pair
    assert.equal(again.access_token, second.access_token)
    assert.equal(again.refresh_token, second.refresh_token)
    assert.equal((await refresh(server, second.refresh_token)).status, 200)
  })

  test('a repeated refresh is told how much is left of the pair', async (t) => {
    const baanx = { options: { graceMs: 600_000 } }
    const patient = await startTestServer({ config: { dialects: { baanx } } })
    t.after(() => patient.close())
    const { refresh_token } = await grant(patient)
    await refresh(patient, refresh_token)
    patient.advance(5 * MINUTE_MS)
    const again = (await refresh(patient, refresh_token)).json() as { expires_in: number }
    assert.ok(again.expires_in <= 21_300 && again.expires_in > 21_200, String(again.expires_in))
  })

  test('a used refresh token after the grace is theft and ends the session', async () => {
    const first = await grant(server)
    const second = (await refresh(server, first.refresh_token)).json() as Pair
    server.advance(11_000)
    assertBody(await refresh(server, first.refresh_token), 400, invalidGrant)
    assert.equal(await probe(server, second.access_token), 401)
    assertBody(await refresh(server, second.refresh_token), 400, invalidGrant)
  })

  test('a refresh token lives for 184 days, each refresh starts them anew, a year is the end', async () => {
    const idle = await grant(server)
    let pair = await grant(server)
    server.advance(183 * DAY_MS)
    pair = (await refresh(server, pair.refresh_token)).json() as Pair
    server.advance(2 * DAY_MS)
    assertBody(await refresh(server, idle.refresh_token), 400, invalidGrant)
    server.advance(150 * DAY_MS)
    const last = (await refresh(server, pair.refresh_token)).json() as Record<string, number>
    assert.equal(Math.round((last['refresh_token_expires_in'] ?? 0) / 86_400), 30)
  })

  test('login tokens, access tokens and nonsense do not refresh', async () => {
    const pair = await grant(server)
    for (const token of [await login(server), pair.access_token, 'nonsense']) {
      assertBody(await refresh(server, token), 400, invalidGrant)
    }
  })
})
