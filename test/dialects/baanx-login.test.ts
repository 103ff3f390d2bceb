/** Baanx, statement by statement: login, one-time passwords, and the profile. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  assertBody,
  assertUnauthorized,
  bearer,
  demo,
  key,
  login,
  logout,
  post,
  probe,
} from './baanx-calls.ts'

const otpUser = { email: 'otp@example.com', password: 'demo-password' }
const HOUR_MS = 3_600_000

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Baanx, login', () => {
  test('logged in: a token, and nothing left to do', async () => {
    const reply = await post(server, '/v1/auth/login', demo)
    const { accessToken } = reply.json() as { accessToken: string }
    assertBody(reply, 200, {
      accessToken,
      userId: 'baanx-demo-user',
      isOtpRequired: false,
      phoneNumber: null,
      phase: null,
      verificationState: 'VERIFIED',
      isLinked: false,
    })
    const { exp = 0, iat = 0, sub } = decodeJwt(accessToken)
    assert.equal(exp - iat, 6 * 3600)
    assert.equal(sub, 'baanx-demo-user')
  })

  test('the token of a login lives for six hours', async () => {
    const token = await login(server)
    server.advance(6 * HOUR_MS - 60_000)
    assert.equal(await probe(server, token), 200)
    server.advance(61_000)
    assertUnauthorized(await logout(server, token))
  })

  test('with a one-time password: no token, then sent, then a token', async () => {
    const first = await post(server, '/v1/auth/login', otpUser)
    assertBody(first, 200, {
      accessToken: null,
      userId: 'baanx-otp-user',
      isOtpRequired: true,
      phoneNumber: '+447*****225',
      phase: null,
      verificationState: 'VERIFIED',
      isLinked: false,
    })
    const sent = await post(server, '/v1/auth/login/otp', { userId: 'baanx-otp-user' })
    assertBody(sent, 200, { success: true })
    const otp = server.otps.at(-1)
    assert.deepEqual(otp, { to: '447700900225', code: '123456', dialect: 'baanx' })
    const second = await post(server, '/v1/auth/login', { ...otpUser, otpCode: '123456' })
    const body = second.json() as { accessToken: string; isOtpRequired: boolean }
    assert.equal(body.isOtpRequired, false)
    assert.equal(await probe(server, body.accessToken), 200)
    const again = await post(server, '/v1/auth/login', { ...otpUser, otpCode: '123456' })
    assertBody(again, 400, { message: 'Invalid OTP' })
  })

  test('a wrong or expired one-time password is 400', async () => {
    await post(server, '/v1/auth/login/otp', { userId: 'baanx-otp-user' })
    const wrong = await post(server, '/v1/auth/login', { ...otpUser, otpCode: '654321' })
    assertBody(wrong, 400, { message: 'Invalid OTP' })
    server.advance(5 * 60_000 + 1000)
    const late = await post(server, '/v1/auth/login', { ...otpUser, otpCode: '123456' })
    assertBody(late, 400, { message: 'OTP Expired' })
  })

  test('one-time passwords look sent to every name that is asked for, and reach those who need one', async () => {
    const count = server.otps.length
    for (const userId of ['nobody', 'baanx-demo-user', 'maria', '__proto__']) {
      assertBody(await post(server, '/v1/auth/login/otp', { userId }), 200, { success: true })
    }
    assert.equal(server.otps.length, count)
  })

  test('an unknown address and a wrong password look alike', async () => {
    for (const body of [
      { ...demo, password: 'wrong' },
      { ...demo, email: 'nobody@example.com' },
      { ...otpUser, password: 'wrong', otpCode: '123456' },
    ]) {
      const reply = await post(server, '/v1/auth/login', body)
      assertBody(reply, 400, { message: 'Invalid Credentials' })
    }
  })

  test('422 for what is missing or of the wrong form', async () => {
    for (const [body, problem] of [
      [{}, 'email is required'],
      [{ email: '' }, 'email is required'],
      [{ email: 'demo@example.com' }, 'password is required'],
      [{ email: 7, password: 'x' }, 'email is invalid'],
      [{ email: demo.email, password: {} }, 'password is invalid'],
      [{ ...demo, otpCode: '12345' }, 'otpCode is invalid'],
      [{ ...demo, otpCode: 123_456 }, 'otpCode is invalid'],
    ] as const) {
      const reply = await post(server, '/v1/auth/login', body)
      assertBody(reply, 422, { message: 'Validation Error', errors: [problem] })
    }
    assertBody(await post(server, '/v1/auth/login/otp', {}), 422, {
      message: 'Validation Error',
      errors: ['userId is required'],
    })
  })

  test('an unfinished onboarding has a phase, and a token where that is allowed', async (t) => {
    t.after(() => server.store.updateSubject('baanx-demo-user', { attributes: {} }))
    const phase = 'PHYSICAL_ADDRESS'
    await server.store.updateSubject('baanx-demo-user', { attributes: { phase } })
    assertBody(await post(server, '/v1/auth/login', demo), 200, {
      accessToken: null,
      userId: 'baanx-demo-user',
      isOtpRequired: false,
      phoneNumber: null,
      phase,
      verificationState: 'UNVERIFIED',
      isLinked: false,
    })
    const attributes = { phase, tokenWhileOnboarding: true, isLinked: true }
    await server.store.updateSubject('baanx-demo-user', { attributes })
    const partial = (await post(server, '/v1/auth/login', demo)).json() as Record<string, unknown>
    assert.equal(typeof partial['accessToken'], 'string')
    assert.equal(partial['phase'], phase)
    assert.equal(partial['isLinked'], true)
  })

  test('a disabled account is told so, and only to who knows the password', async (t) => {
    t.after(() => server.store.updateSubject('baanx-demo-user', { status: 'active' }))
    const token = await login(server)
    await server.store.updateSubject('baanx-demo-user', { status: 'disabled' })
    assertBody(await post(server, '/v1/auth/login', demo), 403, {
      message: 'Your account has been disabled',
    })
    assertBody(await post(server, '/v1/auth/login', { ...demo, password: 'wrong' }), 400, {
      message: 'Invalid Credentials',
    })
    assert.equal(await probe(server, token), 401)
  })

  test('GET /v1/user is the profile', async () => {
    const headers = bearer(await login(server))
    const reply = await server.call('GET', '/v1/user', { headers })
    assert.equal(reply.status, 200)
    const profile = reply.json() as Record<string, unknown>
    assert.deepEqual(Object.keys(profile), [
      'id',
      'email',
      'phoneNumber',
      'phase',
      'verificationState',
      'isLinked',
    ])
    assert.equal(profile['id'], 'baanx-demo-user')
    assert.equal(profile['email'], 'demo@example.com')
  })

  test('x-us-env and region=us are accepted', async () => {
    const headers = { ...key, 'x-us-env': 'true' }
    const reply = await post(server, '/v1/auth/login?region=us', demo, headers)
    const { accessToken } = reply.json() as { accessToken: string }
    const sid = String(decodeJwt(accessToken)['sid'])
    assert.equal((await server.store.findSession(sid))?.attributes['region'], 'us')
    assert.equal(await probe(server, accessToken), 200)
  })
})
