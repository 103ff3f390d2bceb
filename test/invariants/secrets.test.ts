/**
 * Invariant 8: no token, secret, password, OTP or cookie in a log line, an error body or a metric.
 * Every flow runs with its credentials, in good and in bad requests; then everything that the
 * server printed or answered to a failure is searched for every one of them.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { jsonLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { call, type CallOptions, type Reply } from '../harness.ts'

interface Scene {
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Reply>
  readonly secrets: Set<string>
  /** Bodies and headers of answers that were failures. */
  readonly failures: string[]
}

async function withServer(play: (scene: Scene) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-secrets-'))
  const printed: string[] = []
  const secrets = new Set<string>()
  const failures: string[] = []
  const config = await loadConfig(
    {},
    { demo: true, dataDir, passwordCost: { memoryKiB: 64, passes: 1 } },
  )
  const composition = await compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: jsonLog((line) => printed.push(line)),
    otpSender: { send: () => Promise.resolve() },
  })
  const { app } = composition
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${String((app.server.address() as AddressInfo).port)}`
  await play({
    secrets,
    failures,
    call: async (method, path, options = {}) => {
      const reply = await call(url, method, path, options)
      if (reply.status >= 400) failures.push(JSON.stringify(reply.headers) + reply.text)
      return reply
    },
  })
  const metrics = await call(url, 'GET', '/metrics', {})
  await composition.close()
  await rm(dataDir, { recursive: true, force: true })
  assert.ok(printed.length > 10, 'the log was not captured')
  for (const text of [...printed, ...failures, metrics.text]) {
    for (const secret of secrets) {
      assert.ok(
        !text.includes(secret),
        `"${secret.slice(0, 12)}…" appears in: ${text.slice(0, 300)}`,
      )
    }
  }
}

/** Notes a token and the parts of it that would do harm. */
function note(secrets: Set<string>, token: string): string {
  assert.ok(token.length > 20)
  secrets.add(token)
  secrets.add(token.slice(-40))
  return token
}

test('nothing secret is printed, counted or answered back', async () => {
  await withServer(async ({ call: request, secrets, failures }) => {
    for (const secret of [
      'maria-demo',
      'octopus-demo-secret',
      'demo-password',
      'outright-demo-admin',
      'a-wrong-password-that-somebody-typed',
      'cookie-value-7731',
    ]) {
      secrets.add(secret)
    }
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
    const login = await request('POST', '/directlink/v1/auth/login', {
      headers: { authorization: basic('maria:maria-demo'), cookie: 'session=cookie-value-7731' },
    })
    const bearer = note(secrets, (login.json() as { bearer: string }).bearer)
    await request('POST', '/directlink/v1/auth/login', {
      headers: { authorization: basic('maria:a-wrong-password-that-somebody-typed') },
    })
    await request('GET', `/directlink/v1/download/list?token=${bearer}`)
    await request('GET', `/nowhere/at/all?access_token=${bearer}`)
    await request('POST', '/directlink/v1/oauth2/token', {
      body: new URLSearchParams({ grant_type: 'x', password: 'maria-demo' }),
    })
    const octopus = await request('POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    const { data } = octopus.json() as { data: { access_token: string; refresh_token: string } }
    note(secrets, data.access_token)
    note(secrets, data.refresh_token)
    await request('POST', '/auth/refresh', { body: { refresh_token: `${data.refresh_token}x` } })
    await request('POST', '/auth/refresh', { body: { refresh_token: data.refresh_token } })
    await request('POST', '/auth/refresh', { body: { refresh_token: data.refresh_token } })
    await request('POST', '/auth/login', {
      body: `{"username":"octopus-demo-key","password":"octopus-demo-secret"`,
      headers: { 'content-type': 'application/json' },
    })
    await request('POST', '/v1/auth/login', {
      headers: { 'x-client-key': 'baanx-demo-key' },
      body: { email: 'demo@example.com', password: ['demo-password'] },
    })
    await request('GET', '/outright/v1/sessions?token=outright-demo-admin', {
      headers: { authorization: 'Bearer outright-demo-admin' },
    })
    await request('GET', '/outright/v1/sessions', {
      headers: { authorization: `Bearer ${bearer}` },
    })
    for (const path of ['/directlink/v1/auth/logout', '/auth/logout', '/api/v1/logout']) {
      for (const token of [bearer, data.access_token, data.refresh_token]) {
        await request('POST', path, { headers: { authorization: `Bearer ${token}` } })
      }
    }
    assert.ok(failures.length >= 10)
  })
})
