/** Baanx against hostile input: guesses, floods, forgeries. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { createBaanx } from '../../src/http/dialects/baanx/index.ts'
import type { ConfigFile } from '../../src/server/config.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  assertBody,
  assertUnauthorized,
  bearer,
  demo,
  initiate,
  key,
  lockWords,
  login,
  logout,
  post,
  probe,
} from './baanx-calls.ts'
import { rawRequest } from './raw-request.ts'
import { contextOf, requestOf, routeOf } from './surface-parts.ts'

const locked = 'Too many failed attempts. Your account is temporarily locked.'
const tooMany = { message: 'Too many requests, please try again later.' }

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

function start(t: { after(done: () => unknown): void }, config: ConfigFile): Promise<TestServer> {
  return startTestServer({ config, oneNode: true, frozenClocks: true }).then((started) => {
    t.after(() => started.close())
    return started
  })
}

suite('Baanx, guesses', () => {
  const wrong = { ...demo, password: 'wrong' }

  test('ten wrong passwords lock an account for fifteen minutes, in words clients look for', async (t) => {
    const own = await start(t, {})
    for (let guess = 0; guess < 10; guess++) {
      assert.equal((await post(own, '/v1/auth/login', wrong)).status, 400)
    }
    const reply = await post(own, '/v1/auth/login', demo)
    assertBody(reply, 403, { message: locked })
    assert.match(reply.text, lockWords)
    const wait = Number(reply.headers['retry-after'])
    assert.ok(wait > 890 && wait <= 900, String(wait))
    const otherCase = { ...demo, email: ' Demo@Example.COM ' }
    assert.equal((await post(own, '/v1/auth/login', otherCase)).status, 403)
    own.advance(900_000 + 1000)
    assert.equal(await probe(own, await login(own)), 200)
  })

  test('an address without an account locks alike', async (t) => {
    const own = await start(t, {})
    const nobody = { email: 'nobody@example.com', password: 'wrong' }
    for (let guess = 0; guess < 10; guess++) {
      const reply = await post(own, '/v1/auth/login', nobody)
      assertBody(reply, 400, { message: 'Invalid Credentials' })
    }
    assertBody(await post(own, '/v1/auth/login', nobody), 403, { message: locked })
    assert.equal((await post(own, '/v1/auth/login', demo)).status, 200)
  })

  test('a login that succeeds starts the count anew; a password alone does not', async (t) => {
    const baanx = { options: { lockAfterFailures: 3 } }
    const own = await start(t, { dialects: { baanx } })
    for (let round = 0; round < 4; round++) {
      await post(own, '/v1/auth/login', wrong)
      await post(own, '/v1/auth/login', wrong)
      await login(own)
    }
    const otp = { email: 'otp@example.com', password: 'demo-password' }
    await post(own, '/v1/auth/login/otp', { userId: 'baanx-otp-user' })
    for (let round = 0; round < 3; round++) {
      assert.equal((await post(own, '/v1/auth/login', { ...otp, otpCode: '000000' })).status, 400)
      assert.equal((await post(own, '/v1/auth/login', otp)).status, round < 2 ? 200 : 403)
    }
  })

  test('a lock outlives the process: it is in the store', async (t) => {
    const baanx = { options: { lockAfterFailures: 1 } }
    const own = await start(t, { dialects: { baanx } })
    await post(own, '/v1/auth/login', wrong)
    const restarted = createBaanx({ ...contextOf(own), issuer: own.url })
    const route = routeOf(restarted, '/v1/auth/login')
    const answer = await route.handle(requestOf('/v1/auth/logout', key, JSON.stringify(demo)))
    assert.equal(answer.status, 403)
  })

  test('429 by address and by account, with the documented body and Retry-After', async (t) => {
    const own = await start(t, { rateLimitFactor: 1 })
    let guess = 0
    // The call that is refused for its account counts for its address, which has twenty.
    const limits = [
      [10, () => post(own, '/v1/auth/login', demo)],
      [9, () => post(own, '/v1/auth/login', { ...demo, email: `guess${guess++}@example.com` })],
      [3, () => post(own, '/v1/auth/login/otp', { userId: 'baanx-otp-user' })],
      [6, () => post(own, '/v1/auth/login/otp', { userId: `guess${guess++}` })],
      [300, () => initiate(own)],
    ] as const
    for (const [allowed, attempt] of limits) {
      const replies = await Promise.all(Array.from({ length: allowed }, attempt))
      assert.ok(replies.every(({ status }) => status !== 429))
      const reply = await attempt()
      assertBody(reply, 429, tooMany)
      assert.match(reply.headers['retry-after'] ?? '', /^[1-9]\d?$/)
    }
  })
})

suite('Baanx, hostile input', () => {
  test('bodies that are no JSON object are 400, in the form of the call', async () => {
    const bodies = ['{', '[]', 'null', '"x"', '['.repeat(10_000), Buffer.from([0x22, 0xff, 0x22])]
    for (const body of bodies) {
      for (const path of ['/v1/auth/login', '/v1/auth/login/otp']) {
        const reply = await server.call('POST', path, { headers: key, body })
        assertBody(reply, 400, { message: 'Malformed request' })
      }
      for (const path of ['/v1/auth/oauth/token', '/v1/auth/oauth2/revoke']) {
        const reply = await server.call('POST', path, { headers: key, body })
        const description = 'Malformed request'
        assertBody(reply, 400, { error: 'invalid_request', error_description: description })
      }
    }
  })

  test('413 for megabytes, before they are sent', async () => {
    for (const path of ['/v1/auth/login', '/v1/auth/logout', '/v1/auth/oauth2/token']) {
      const reply = await rawRequest(server.url, [
        `POST ${path} HTTP/1.1`,
        'Content-Length: 9000000',
      ])
      assert.equal(reply.status, 413)
      assert.equal(reply.body, '{"message":"Payload Too Large"}')
    }
  })

  test('strings that mean something elsewhere mean nothing here', async () => {
    for (const text of [
      "demo@example.com' OR '1'='1",
      'demo@example.com"; DROP TABLE subjects; --',
      'demo@example.com\0',
      'demo@example.com\r\nX-Injected: 1',
      '%',
      '*',
      '__proto__',
    ]) {
      const reply = await post(server, '/v1/auth/login', { ...demo, email: text })
      assertBody(reply, 400, { message: 'Invalid Credentials' })
      assert.equal(reply.headers['x-injected'], undefined)
      const otp = await post(server, '/v1/auth/login/otp', { userId: text })
      assert.equal(otp.status, 200)
    }
    for (const email of ['x'.repeat(400), '\ud800@example.com']) {
      assert.equal((await post(server, '/v1/auth/login', { ...demo, email })).status, 422)
    }
  })

  test('a state is given back as it came, and breaks out of nothing', async () => {
    const state = '"><script>\r\nSet-Cookie: a=b\r\n&code=stolen#%00ü'
    const { token } = (await initiate(server, { state })).json() as { token: string }
    const headers = bearer(await login(server))
    const reply = await post(server, '/v1/auth/oauth/authorize', { token }, headers)
    const body = reply.json() as { url: string; code: string; state: string }
    assert.equal(body.state, state)
    const url = new URL(body.url)
    assert.deepEqual(url.searchParams.getAll('code'), [body.code])
    assert.equal(url.searchParams.get('state'), state)
    assert.equal(url.hash, '')
  })

  test('Authorization headers that are not one bearer token are 401', async () => {
    const token = await login(server)
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      token,
      `Basic ${Buffer.from('demo@example.com:demo-password').toString('base64')}`,
      `Bearer ${token}, Bearer ${token}`,
      'Bearer null',
      'Bearer undefined',
      `Bearer ${'a'.repeat(9000)}`,
    ]) {
      const headers = { ...key, authorization }
      assertUnauthorized(await server.call('POST', '/v1/auth/logout', { headers }))
    }
    const twice = [
      ['x-client-key', 'baanx-demo-key'],
      ['authorization', `Bearer ${token}`],
      ['authorization', `Bearer ${token}`],
    ] as const
    assertUnauthorized(await server.call('POST', '/v1/auth/logout', { headers: twice }))
    assert.equal(await probe(server, token), 200)
  })

  test('forged, unsigned and foreign tokens are 401', async () => {
    const token = await login(server)
    const claims = decodeJwt(token)
    const header = { ...decodeProtectedHeader(token), alg: 'ES256' }
    const { privateKey } = await generateKeyPair('ES256')
    const octopus = await server.call('POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    const foreign = (octopus.json() as { data: { access_token: string } }).data.access_token
    const [head = '', , signature = ''] = token.split('.')
    const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'maria' })).toString('base64url')
    for (const forged of [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
      `${head}.${payload}.${signature}`,
      foreign,
    ]) {
      assertUnauthorized(await logout(server, forged))
      assert.equal(await probe(server, forged), 401)
    }
    assert.equal(await probe(server, token), 200)
  })

  test('paths that are nearly right lead nowhere', async () => {
    const token = await login(server)
    for (const path of [
      '/v1/auth/logout/',
      '/v1/auth//logout',
      '/v1/auth/./logout',
      '/v1/auth/x/../logout',
      '/V1/auth/logout',
      '/v1/auth/logout%00',
      '/v1/auth/logout%2f',
      '/v1/auth/logout;a=b',
    ]) {
      assert.equal((await post(server, path, undefined, bearer(token))).status, 404, path)
    }
    assertBody(await server.call('GET', '/v1/auth/%zz'), 400, { message: 'Malformed request' })
    assert.equal(await probe(server, token), 200)
  })
})
