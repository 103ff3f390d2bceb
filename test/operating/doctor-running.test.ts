/** The doctor beside a server that runs with other settings, on another port, behind a proxy. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadConfig } from '../../src/server/config.ts'
import { judgeIgnored } from '../../src/server/doctor/reach.ts'
import { serveConfig, type RunningServer } from '../../src/server/serve.ts'
import { startTestServer } from '../harness.ts'
import { finding, findings, verdicts, withFolder } from './doctor.ts'

const note = 'outright.running.json'

async function withDemo(
  dataDir: string,
  work: (server: RunningServer) => Promise<void>,
): Promise<void> {
  const cheap = { passwordCost: { memoryKiB: 64, passes: 1 }, accessLog: false }
  const server = await serveConfig(await loadConfig({}, { demo: true, port: 0, dataDir, ...cheap }))
  try {
    await work(server)
  } finally {
    await server.close()
  }
}

describe('a doctor beside a running server', () => {
  test('judges the settings of the server, asks it where it is, and contradicts itself nowhere', () =>
    withFolder((data) =>
      withDemo(data, async ({ url }) => {
        const all = await findings({ data })
        assert.equal(finding(all, 'settings.demo').verdict, 'fail')
        assert.equal(finding(all, 'settings.admin-token').verdict, 'fail')
        assert.equal(finding(all, 'store.demo-identities').verdict, 'fail')
        assert.equal(finding(all, 'server.demo-credentials').verdict, 'fail')
        assert.equal(finding(all, 'server.issuer').verdict, 'ok')
        const running = finding(all, 'server.running')
        assert.ok(running.measured.includes(url), running.measured)
        assert.match(running.measured, /settings\.demo/)
        const names = all.map(({ check }) => check)
        assert.equal(new Set(names).size, names.length, 'a check that speaks twice')
      }),
    ))

  test('once it has stopped, the configuration counts again, also where the note was left behind', () =>
    withFolder(async (data) => {
      await withDemo(data, () => Promise.resolve(assert.ok(existsSync(join(data, note)))))
      assert.equal(existsSync(join(data, note)), false)
      writeFileSync(join(data, note), '{"url":"http://127.0.0.1:9","findings":[]}')
      const all = await findings({ data })
      assert.equal(finding(all, 'settings.demo').measured, 'off in this configuration')
      assert.match(finding(all, 'store.demo-identities').measured, /serves with --demo alone/)
      assert.equal(Object.hasOwn(verdicts(all), 'server.running'), false)
    }))

  test('the note holds no secret', () =>
    withFolder(async (data) => {
      const adminToken = 'm9vXk2-Zt7QpLw4sRb8dYc1f'
      const dataDir = data
      const server = await serveConfig(await loadConfig({}, { port: 0, dataDir, adminToken }))
      const text = readFileSync(join(data, note), 'utf8')
      await server.close()
      assert.match(text, /"check":"settings\.admin-token","verdict":"ok"/)
      assert.equal(text.includes(adminToken), false)
    }))
})

describe('callers that a proxy names and that are not believed', () => {
  test('the doctor warns once a request came with X-Forwarded-For from a peer that is not trusted', async () => {
    const server = await startTestServer({ oneNode: true })
    try {
      const asked = { server: server.url, adminToken: 'outright-demo-admin' }
      // Its own question, with a header as well, does not come from a proxy.
      for (let time = 0; time < 2; time++) {
        const quiet = finding(await findings(asked), 'server.trusted-proxies')
        assert.equal(quiet.verdict, 'ok', quiet.measured)
      }
      const headers = { 'x-forwarded-for': '203.0.113.9', authorization: 'Basic bWFyaWE6eA==' }
      await server.call('POST', '/directlink/v1/auth/login', { headers })
      const loud = finding(await findings(asked), 'server.trusted-proxies')
      assert.equal(loud.verdict, 'warn')
      assert.match(loud.measured, /^1 times .*127\.0\.0\.1/)
      assert.match(loud.advice ?? '', /trustedProxies/)
      const { text } = await server.call('GET', '/metrics')
      assert.match(text, /^outright_forwarded_headers_ignored_total 1$/m)
    } finally {
      await server.close()
    }
  })

  test('and where a trusted proxy names something that is not an address', () => {
    const judged = judgeIgnored({ ignoredFrom: null, ignored: 0, unreadable: 3 })
    assert.equal(judged.verdict, 'warn')
    assert.match(judged.advice ?? '', /IP address/)
  })
})
