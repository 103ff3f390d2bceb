/** How many calls Octopus answers in a minute, by client and by address. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConfigFile } from '../../src/server/config.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { call, credentials, errorOf, login, refresh, type Tokens } from './octopus-calls.ts'

suite('Octopus, quotas', () => {
  const start = (options: ConfigFile['dialects'] = {}): Promise<TestServer> =>
    startTestServer({
      config: { rateLimitFactor: 1, dialects: options },
      oneNode: true,
      frozenClocks: true,
    })

  async function countUntilLimited(attempt: () => Promise<Reply>, most: number): Promise<number> {
    for (let count = 0; count <= most; count++) {
      const reply = await attempt()
      if (reply.status !== 429) continue
      const seconds = reply.headers['retry-after'] ?? ''
      assert.match(seconds, /^[1-9]\d?$/)
      assert.equal(
        errorOf(reply),
        '429 TooManyRequestsError TOO_MANY_REQUESTS ' +
          `Rate limit exceeded. Retry after ${seconds} seconds.`,
      )
      return count
    }
    return assert.fail(`not limited after ${most}`)
  }

  test('production: 10 logins, 20 refreshes, 20 logouts and 300 reads a minute', async (t) => {
    const limited = await start()
    t.after(() => limited.close())
    let tokens = await login(limited)
    const reads = () => call('GET', '/api/v1/wallets', tokens.access_token, limited)
    const read = await Promise.all(Array.from({ length: 302 }, reads))
    assert.equal(read.filter(({ status }) => status === 200).length, 300)
    assert.equal(read.filter(({ status }) => status === 429).length, 2)
    const refreshes = async (): Promise<Reply> => {
      const reply = await refresh(tokens.refresh_token, limited)
      if (reply.status === 200) tokens = (reply.json() as { data: Tokens }).data
      return reply
    }
    assert.equal(await countUntilLimited(refreshes, 20), 20)
    const logins = () => limited.call('POST', '/auth/login', { body: credentials })
    assert.equal(await countUntilLimited(logins, 9), 9)
    // The refused refresh has used nothing up, and its quota is not the logout's.
    assert.equal((await call('POST', '/auth/logout', tokens.access_token, limited)).status, 200)
  })

  test("sandbox, or numbers of one's own", async (t) => {
    const sandbox = await start({ octopus: { options: { limits: 'sandbox' } } })
    t.after(() => sandbox.close())
    const logins = () => sandbox.call('POST', '/auth/login', { body: credentials })
    assert.equal(await countUntilLimited(logins, 30), 30)
    const own = await start({ octopus: { options: { limits: { login: 2, refresh: 1, get: 3 } } } })
    t.after(() => own.close())
    const { access_token } = await login(own)
    const reads = () => call('GET', '/api/v1/wallets', access_token, own)
    assert.equal(await countUntilLimited(reads, 3), 3)
  })

  test("clients at one address do not use up each other's logins", async (t) => {
    const limited = await startTestServer({
      config: { rateLimitFactor: 1, trustedProxies: ['127.0.0.1'] },
      oneNode: true,
      frozenClocks: true,
    })
    t.after(() => limited.close())
    const headers = { 'x-forwarded-for': '203.0.113.5' }
    const demo = () => limited.call('POST', '/auth/login', { headers, body: credentials })
    assert.equal(await countUntilLimited(demo, 10), 10)
    const body = { username: 'octopus-office-key', password: 'octopus-office-secret' }
    assert.equal((await limited.call('POST', '/auth/login', { headers, body })).status, 200)
  })

  test('guesses at keys that do not exist are limited by address', async (t) => {
    const limited = await start()
    t.after(() => limited.close())
    let guess = 0
    const guesses = () =>
      limited.call('POST', '/auth/login', { body: { username: `key-${guess++}`, password: 'x' } })
    assert.equal(await countUntilLimited(guesses, 10), 10)
    assert.equal((await limited.call('POST', '/auth/login', { body: credentials })).status, 429)
  })
})
