/** The doctor on settings and clocks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig, type ConfigFile } from '../../src/server/config.ts'
import { examineRate, examineWall } from '../../src/server/doctor/clocks.ts'
import { examineSettings } from '../../src/server/doctor/settings.ts'
import { finding, verdicts } from './doctor.ts'

const good: ConfigFile = {
  issuer: 'https://auth.example',
  adminToken: 'm9vXk2-Zt7QpLw4sRb8dYc1f',
  trustedProxies: ['10.1.2.3', 'fd00::/64'],
}

async function settings(change: ConfigFile) {
  return examineSettings((await readConfig({}, { ...good, ...change })).config)
}

describe('doctor on settings', () => {
  test('settings that are in order', async () => {
    assert.deepEqual(new Set(Object.values(verdicts(await settings({})))), new Set(['ok']))
  })

  const cases: readonly [check: string, verdict: string, change: ConfigFile][] = [
    ['settings.durability', 'fail', { durability: 'off' }],
    ['settings.demo', 'fail', { demo: true }],
    ['settings.issuer', 'warn', { issuer: 'http://auth.example' }],
    ['settings.trusted-proxies', 'fail', { trustedProxies: ['10.0.0.1', '0.0.0.0/0'] }],
    ['settings.trusted-proxies', 'fail', { trustedProxies: ['::/0'] }],
    ['settings.trusted-proxies', 'warn', { trustedProxies: ['128.0.0.0/1'] }],
    ['settings.trusted-proxies', 'warn', { trustedProxies: ['2000::/3'] }],
    ['settings.admin-token', 'fail', { adminToken: 'outright-demo-admin', demo: true }],
    ['settings.admin-token', 'fail', { adminToken: 'correct-horse' }],
    ['settings.admin-token', 'fail', { adminToken: 'a'.repeat(64) }],
    ['settings.leases', 'warn', { leaseMs: 60_000 }],
    ['settings.leases', 'warn', { leaseMs: 300, renewMs: 50 }],
    ['settings.leases', 'warn', { leaseMs: 2000, renewMs: 1000 }],
    ['settings.rate-limits', 'warn', { rateLimitFactor: 50 }],
    [
      'settings.otp-sender',
      'warn',
      { otpSender: { kind: 'webhook', url: 'http://sms.example/send', secret: 'x' } },
    ],
  ]
  for (const [check, verdict, change] of cases) {
    // The demo's token would be one more thing that is wrong with the demo.
    test(`${check}: ${verdict} for ${JSON.stringify(change)}`, async () => {
      const found = finding(await settings(change), check)
      assert.equal(found.verdict, verdict, found.measured)
      assert.notEqual(found.advice, undefined)
    })
  }

  test('a token is never shown, not even a bad one', async () => {
    for (const adminToken of ['correct-horse', 'outright-demo-admin', 'a'.repeat(64)]) {
      const said = JSON.stringify(await settings({ adminToken, demo: true }))
      assert.equal(said.includes(adminToken), false)
    }
  })
})

describe('doctor on clocks', () => {
  function clockAt(rate: number, wallMs = 0) {
    let monotonic = 0
    return {
      nowMs: () => wallMs + monotonic * rate,
      monotonicMs: () => monotonic,
      after(delayMs: number, callback: () => void) {
        monotonic += delayMs
        setImmediate(callback)
        return () => undefined
      },
    }
  }

  test('rates', async () => {
    assert.equal((await examineRate(clockAt(1))).verdict, 'ok')
    assert.equal((await examineRate(clockAt(1.01))).verdict, 'ok')
    assert.equal((await examineRate(clockAt(1.03))).verdict, 'warn')
    assert.equal((await examineRate(clockAt(0.5))).verdict, 'warn')
    const stopped = { ...clockAt(1), monotonicMs: () => 7 }
    assert.equal((await examineRate(stopped)).verdict, 'fail')
  })

  test('the wall clock and the database’s', async () => {
    const at = (ms: number) => examineWall(clockAt(1, 1_000_000), () => Promise.resolve(ms))
    assert.equal((await at(1_000_000)).verdict, 'ok')
    assert.equal((await at(1_004_000)).verdict, 'ok')
    assert.match((await at(1_006_000)).measured, /^6000 ms behind the database$/)
    assert.equal((await at(1_006_000)).verdict, 'warn')
    assert.equal((await at(980_000)).verdict, 'warn')
    assert.equal((await at(900_000)).verdict, 'fail')
  })
})
