/**
 * The table of the nodes' leases is locked for some seconds: a node cannot prove that it is
 * current. What it then says is never that a token is bad.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { call, startTestServer, type Reply, type TestServer } from '../harness.ts'

const json = { 'content-type': 'application/json' }
const key = { 'x-client-key': 'baanx-demo-key' }

/** Longer than a busy machine may keep the node from renewing. */
const LEASE_MS = 5_000
const LAPSED_WITHIN_MS = 60_000

let postgres: TestPostgres
let locker: pg.Client
let server: TestServer
/** Checks of good tokens, one or more of each dialect, by the name of the dialect. */
let checks: Readonly<Record<string, () => Promise<Reply>>>
/** Credentials of an open tab. Asked for before, its stream would not end. */
let tab: Readonly<Record<string, string>>
before(async () => {
  postgres = await startPostgres()
  const databaseUrl = await postgres.createDatabase()
  server = await startTestServer({ oneNode: true, config: { databaseUrl, leaseMs: LEASE_MS } })
  checks = await openSessions()
  for (const [name, check] of Object.entries(checks)) {
    assert.ok((await check()).status < 300, `${name} is good before`)
  }
  locker = new pg.Client({ connectionString: databaseUrl })
  await locker.connect()
  await locker.query('BEGIN')
  await locker.query('LOCK TABLE nodes IN ACCESS EXCLUSIVE MODE')
  const deadline = performance.now() + LAPSED_WITHIN_MS
  while ((await checks['DirectLink']?.())?.status === 200) {
    assert.ok(performance.now() < deadline, 'the lease runs out')
    await sleep(50)
  }
})
after(async () => {
  await locker.query('ROLLBACK')
  await locker.end()
  await server.close()
  await postgres.stop()
})

async function openSessions(): Promise<Readonly<Record<string, () => Promise<Reply>>>> {
  const post = (path: string, headers: Record<string, string>, body = '{}') =>
    call(server.url, 'POST', path, { headers, body })
  const get = (path: string, headers: Record<string, string>) => () =>
    call(server.url, 'GET', path, { headers })
  const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const directlink = await post('/directlink/v1/auth/login', { ...json, authorization: basic })
  const bearer = bearerOf(directlink, 'bearer')
  tab = bearer
  const sri = { phone_number: '919999900001', name: 'Sri' }
  await post('/api/v1/login', json, JSON.stringify({ ...sri, action: 'send_otp' }))
  const submit = JSON.stringify({ ...sri, action: 'submit_otp', otp: '12345' })
  const matar = await post('/api/v1/login', json, submit)
  const octopusLogin = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }
  const octopus = await post('/auth/login', json, JSON.stringify(octopusLogin))
  const baanxLogin = { email: 'demo@example.com', password: 'demo-password' }
  const baanx = await post('/v1/auth/login', { ...json, ...key }, JSON.stringify(baanxLogin))
  const octopusToken = (octopus.json() as { data: { access_token: string } }).data.access_token
  return {
    DirectLink: get('/directlink/v1/download/list', bearer),
    Matar: get('/api/v1/get_current_user', bearerOf(matar, 'access_token')),
    Octopus: get('/api/v1/wallets', { authorization: `Bearer ${octopusToken}` }),
    Baanx: get('/v1/user', { ...key, ...bearerOf(baanx, 'accessToken') }),
    'forward-auth': get('/outright/v1/check', bearer),
  }
}

function bearerOf(reply: Reply, field: string): Record<string, string> {
  return { authorization: `Bearer ${String((reply.json() as Record<string, unknown>)[field])}` }
}

suite('a node that cannot know', () => {
  for (const name of ['DirectLink', 'Matar', 'Octopus', 'Baanx']) {
    test(`${name}: 503 and Retry-After`, async () => {
      const reply = await checks[name]?.()
      assert.equal(reply?.status, 503, reply?.text)
      assert.equal(reply.headers['retry-after'], '1')
      assert.doesNotMatch(JSON.stringify(reply.headers) + reply.text, /invalid_token/)
    })
  }

  test('forward-auth: 401, because nginx knows no other, and nothing about the token', async () => {
    const reply = await checks['forward-auth']?.()
    assert.equal(reply?.status, 401)
    assert.equal(reply.headers['www-authenticate'], 'Bearer realm="outright"')
    assert.equal(reply.headers['retry-after'], '1')
  })

  test('open tabs: 503 and Retry-After', async () => {
    const reply = await call(server.url, 'GET', '/outright/v1/session/events', { headers: tab })
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1'])
  })
})
