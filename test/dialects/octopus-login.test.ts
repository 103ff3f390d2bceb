/**
 * Octopus, statement by statement: login and refresh. Quotes are from the pages that the API's
 * clients were written to.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import {
  assertError,
  assertUnauthorized,
  office,
  useOctopus,
  type Tokens,
} from './octopus-client.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const { server, loginCall, login, refresh, logout, wallets } = await useOctopus()

suite('Octopus, login and refresh', () => {
  test('login and refresh answer with the documented keys, in their order', async () => {
    const before = Math.floor(server.dependencies.clock.nowMs() / 1000) * 1000
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
