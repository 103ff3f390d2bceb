/**
 * Strangers who guess from many addresses: a person whom they guess at gets in all the same, and a
 * one-time password that was replaced, or that could not be sent, costs its owner nothing.
 */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { sendOtp } from '../../src/core/one-time-password.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

const HOME = '198.51.100.7'

/**
 * A server, with the documented limits where nothing else is said, that believes the address which
 * a caller gives.
 */
async function start(t: TestContext, rateLimitFactor = 1): Promise<TestServer> {
  const config = { rateLimitFactor, trustedProxies: ['127.0.0.1/32'] }
  const server = await startTestServer({ config, oneNode: true, frozenClocks: true })
  t.after(() => server.close())
  return server
}

/** One of the many addresses of a stranger, by its number. */
function strange(number: number): string {
  return `203.0.${String(113 + Math.floor(number / 250))}.${String(1 + (number % 250))}`
}

const json = { 'content-type': 'application/json' }

suite('Matar', () => {
  const sri = { phone_number: '919999900055', name: 'Sri' }
  const post = (server: TestServer, from: string, body: object): Promise<Reply> =>
    server.call('POST', '/api/v1/login', {
      headers: { ...json, 'x-forwarded-for': from },
      body: JSON.stringify(body),
    })
  const send = (server: TestServer, from: string) =>
    post(server, from, { ...sri, action: 'send_otp' })
  const submit = (server: TestServer, from: string, otp: string) =>
    post(server, from, { ...sri, action: 'submit_otp', otp })
  const newest = (server: TestServer) => server.otps.at(-1)?.code ?? ''
  const wrongOf = (code: string) => (code === '00000' ? '11111' : '00000')

  test('wrong codes from sixty addresses do not shut out who asked for the code', async (t) => {
    const server = await start(t)
    assert.equal((await send(server, HOME)).status, 200)
    const code = newest(server)
    for (let number = 0; number < 60; number++) {
      assert.equal((await submit(server, strange(number), wrongOf(code))).status < 500, true)
    }
    assert.equal((await submit(server, HOME, code)).status, 200)
  })

  test('one address alone cannot use up the attempts of another', async (t) => {
    const server = await start(t)
    await send(server, strange(0))
    const code = newest(server)
    for (let count = 0; count < 5; count++) await submit(server, strange(1), wrongOf(code))
    assert.equal((await submit(server, strange(1), code)).status, 400)
    assert.equal((await submit(server, HOME, code)).status, 200)
  })

  test('all strangers together have a bound: thirty addresses guess no further', async (t) => {
    const server = await start(t)
    await send(server, HOME)
    const code = newest(server)
    for (let number = 0; number < 30; number++) await submit(server, strange(number), wrongOf(code))
    assert.equal((await submit(server, strange(99), code)).status, 400)
    assert.equal((await submit(server, HOME, code)).status, 200)
  })

  test('codes that strangers have sent lock no person out: a fresh one gets in', async (t) => {
    const server = await start(t)
    await send(server, HOME)
    assert.equal((await submit(server, HOME, newest(server))).status, 200)
    let sent = 0
    for (let number = 0; number < 40; number++) {
      if ((await send(server, strange(number))).status === 200) sent++
    }
    assert.equal(sent, 9, 'twice what one address may, less the one of before')
    assert.equal((await send(server, HOME)).status, 200, 'an address that is known is not refused')
    assert.equal((await submit(server, HOME, newest(server))).status, 200)
  })

  test('a code that was replaced is not a guess: it is said to be expired, and voids nothing', async (t) => {
    const server = await start(t)
    await send(server, HOME)
    const first = newest(server)
    await send(server, HOME)
    const second = newest(server)
    if (first === second) return
    for (let count = 0; count < 6; count++) {
      const reply = await submit(server, HOME, first)
      assert.deepEqual([reply.status, reply.text.includes('is_expired_otp')], [400, true])
    }
    assert.equal((await submit(server, HOME, second)).status, 200)
  })

  test('a code that could not be sent leaves the one before it good', async (t) => {
    const server = await start(t)
    await send(server, HOME)
    const broken = {
      ...server.dependencies,
      otpSender: { send: () => Promise.reject(new Error('the gateway is away')) },
    }
    const request = {
      dialect: 'matar',
      recipient: sri.phone_number,
      to: sri.phone_number,
      address: HOME,
      digits: 5,
      lifetimeMs: 300_000,
    }
    await assert.rejects(sendOtp(broken, request), { message: 'internal' })
    assert.equal((await submit(server, HOME, newest(server))).status, 200)
  })
})

suite('DirectLink', () => {
  const login = (server: TestServer, from: string, password: string): Promise<Reply> =>
    server.call('POST', '/directlink/v1/auth/login', {
      headers: {
        'x-forwarded-for': from,
        authorization: `Basic ${Buffer.from(`maria:${password}`).toString('base64')}`,
      },
    })

  test('a person is let in from where they were before, even while others guess', async (t) => {
    const server = await start(t)
    assert.equal((await login(server, HOME, 'maria-demo')).status, 200)
    const statuses = new Set<number>()
    for (let number = 0; number < 220; number++) {
      statuses.add((await login(server, strange(number), 'wrong')).status)
    }
    assert.deepEqual(statuses, new Set([401, 429]))
    assert.equal((await login(server, strange(999), 'maria-demo')).status, 429)
    assert.equal((await login(server, HOME, 'maria-demo')).status, 200)
  })

  test('the limit of one address is that address’s alone', async (t) => {
    const server = await start(t)
    for (let count = 0; count < 20; count++) await login(server, strange(0), 'wrong')
    assert.equal((await login(server, strange(0), 'maria-demo')).status, 429)
    assert.equal((await login(server, HOME, 'maria-demo')).status, 200)
  })
})

suite('Baanx', () => {
  const login = (server: TestServer, from: string, password: string): Promise<Reply> =>
    server.call('POST', '/v1/auth/login', {
      headers: { ...json, 'x-forwarded-for': from, 'x-client-key': 'baanx-demo-key' },
      body: JSON.stringify({ email: 'demo@example.com', password }),
    })

  test('a lock is of the address that guessed', async (t) => {
    const server = await start(t, 50)
    for (let count = 0; count < 10; count++) await login(server, strange(0), 'wrong')
    assert.equal((await login(server, strange(0), 'demo-password')).status, 403)
    assert.equal((await login(server, HOME, 'demo-password')).status, 200)
  })

  test('guesses from many addresses lock the account, but not where it was logged in before', async (t) => {
    const server = await start(t, 50)
    assert.equal((await login(server, HOME, 'demo-password')).status, 200)
    for (let number = 0; number < 100; number++) await login(server, strange(number), 'wrong')
    assert.equal((await login(server, strange(101), 'demo-password')).status, 403)
    assert.equal((await login(server, HOME, 'demo-password')).status, 200)
  })
})
