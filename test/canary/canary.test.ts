/** What a canary says of real services, one round of all of them at once. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  canarySchema,
  createPerson,
  runRound,
  type CanarySettings,
} from '../../src/canary/index.ts'
import { createClient, type OutrightClient } from '../../src/client/index.ts'
import type { CanaryKind, NewCanaryReport, WireCanaryPath } from '../../src/protocol/canary.ts'
import { systemClock, systemRandom } from '../../src/server/system.ts'
import { settingsOf } from '../../src/settings/read.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { startNginx, type Nginx } from './nginx.ts'
import { startServices, type Services } from './services.ts'

/** A machine may be busy: what is sent before an answer may be read so long after it. */
const TRANSIT_MS = 2500

const nothingListens = 'nothing listens there: start it, or correct the address (ECONNREFUSED)'

suite('a canary', () => {
  let server: TestServer
  let services: Services
  let nginx: Nginx
  let admin: OutrightClient
  let report: NewCanaryReport

  before(async () => {
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: { oauth: { accessLifetimeMs: 300_000 }, leaseMs: 60_000 },
    })
    services = await startServices(server.url)
    nginx = await startNginx({ server: new URL(server.url).host, application: services.host })
    admin = createClient({ server: server.url, token: 'outright-demo-admin' })
    report = await round([
      path('guarded', 'http', `http://${services.host}/guarded`),
      path('events', 'stream', `http://${services.host}/events`),
      path('chat', 'websocket', `ws://${services.host}/chat`),
      path('checked', 'http', `http://${nginx.host}/fresh`),
      path('unguarded', 'http', `http://${services.host}/unguarded`),
      path('unguarded-events', 'stream', `http://${services.host}/unguarded-events`),
      path('unguarded-chat', 'websocket', `ws://${services.host}/unguarded-chat`),
      path('cached', 'http', `http://${nginx.host}/`),
      path('unwatched-events', 'stream', `http://${services.host}/unwatched-events`),
      path('unwatched-chat', 'websocket', `ws://${services.host}/unwatched-chat`),
      path('mixed', 'http', `http://${services.host}/mixed`),
      path('broken', 'http', `http://${services.host}/broken`),
      path('refuses-all', 'http', `http://${services.host}/refuses-all`),
      path('closed', 'http', `http://${services.host}/closed`),
      // At another address of this machine that port is nobody's.
      path('down', 'http', `http://${services.host.replace('127.0.0.1', '127.0.0.77')}/`),
      path('no-socket', 'websocket', `ws://${nginx.host}/fresh`),
    ])
  })
  after(async () => {
    await nginx.close()
    services.close()
    await server.close()
  })

  const path = (name: string, kind: CanaryKind, url: string) => ({
    name,
    kind,
    url,
    refusals: [401, 403],
  })

  function round(paths: CanarySettings['paths'], more = {}): Promise<NewCanaryReport> {
    const times = { watchMs: 4000, probeMs: 50, transitMs: TRANSIT_MS, timeoutMs: 30_000 }
    const settings = settingsOf(canarySchema, { name: 'test', paths, ...times, ...more }, false)
    const options = { server: server.url, admin, name: 'test', timeoutMs: 30_000 }
    const person = createPerson({ ...options, random: systemRandom() })
    const parts = { admin, person, clock: systemClock }
    return person.prepare().then(() => runRound(settings, parts, new AbortController().signal))
  }

  function found(name: string): WireCanaryPath {
    return report.paths.find((one) => one.name === name) ?? assert.fail(name)
  }

  for (const name of ['guarded', 'events', 'chat', 'checked']) {
    test(`${name}: nothing is accepted that was begun after the logout was answered`, () => {
      const { verdict, afterAnswerMs, afterRequestMs, gapMs, refused, detail } = found(name)
      assert.equal(verdict, 'refused', detail)
      const allowedMs = name === 'events' ? TRANSIT_MS : 0
      assert.ok(afterAnswerMs !== null && afterAnswerMs <= allowedMs)
      assert.ok(afterRequestMs !== null && afterRequestMs <= report.logoutMs + allowedMs + 0.1)
      assert.ok(gapMs !== null && gapMs > 0)
      assert.ok(refused > 0)
    })
  }

  test('events: nothing is sent to it after the answer; the other session’s goes on', () => {
    const answeredMs = Date.parse(report.at)
    const [one = 0, other = 0, ...more] = services.lastSentMs
    assert.deepEqual(more, [])
    assert.ok(Math.min(one, other) <= answeredMs && Math.max(one, other) > answeredMs)
  })

  for (const name of [
    'unguarded',
    'unguarded-events',
    'unguarded-chat',
    'cached',
    'unwatched-events',
    'unwatched-chat',
  ]) {
    test(`${name}: never refuses, and is said to`, () => {
      const { verdict, afterAnswerMs, gapMs, detail } = found(name)
      assert.equal(verdict, 'never_refused', detail)
      assert.ok(afterAnswerMs !== null && afterAnswerMs > 300, String(afterAnswerMs))
      assert.equal(gapMs, null)
    })
  }

  test('a server among others that has no guard is caught', () => {
    const { verdict, afterAnswerMs, detail } = found('mixed')
    assert.ok(verdict === 'late' || verdict === 'never_refused')
    assert.ok(afterAnswerMs !== null && afterAnswerMs > 300)
    assert.match(detail, /not all of its servers are guarded/)
  })

  test('what refuses for another reason is not measured', () => {
    const details = Object.fromEntries(
      ['broken', 'refuses-all', 'closed', 'down', 'no-socket'].map((name) => {
        const { verdict, afterAnswerMs, detail } = found(name)
        assert.deepEqual([name, verdict, afterAnswerMs], [name, 'not_measured', null])
        return [name, detail]
      }),
    )
    assert.deepEqual(details, {
      broken: 'it answers 502',
      'refuses-all': 'a session that was not logged out is not accepted either: it answers 401',
      closed: 'it does not accept a session that lives: it answers 401',
      down: `it does not accept a session that lives: ${nothingListens}`,
      'no-socket': 'it does not accept a session that lives: it is not a WebSocket',
    })
  })

  test('leaves no session behind, and needs its person for nothing else', async () => {
    const subject = 'outright-canary-test'
    const live: string[] = []
    for await (const { sid } of admin.sessions({ subject, live: true })) live.push(sid)
    assert.deepEqual(live, [])
    const all: string[] = []
    for await (const { sid } of admin.sessions({ subject })) all.push(sid)
    assert.equal(all.length, 2)
  })

  test('ends what an earlier run has left when it starts', async () => {
    const options = { server: server.url, admin, name: 'test', timeoutMs: 30_000 }
    const crashed = createPerson({ ...options, random: systemRandom() })
    await crashed.prepare()
    const { sid } = await crashed.logIn()
    const next = createPerson({ ...options, random: systemRandom() })
    await next.prepare()
    assert.equal((await admin.session(sid)).state, 'revoked')
    await assert.rejects(crashed.logIn(), {
      name: 'CanaryFailed',
      message: /^the canary was not let in when it sent its password: status 400; does another/,
    })
  })

  test('says in words why it cannot reach its server', async () => {
    const away = { server: 'http://127.0.0.1:65535', admin, name: 'test', timeoutMs: 30_000 }
    await assert.rejects(createPerson({ ...away, random: systemRandom() }).prepare(), {
      name: 'CanaryFailed',
      message: `cannot reach http://127.0.0.1:65535 to log in: ${nothingListens}`,
    })
  })

  test('does not begin a round that outlives its token', async () => {
    const paths = [path('x', 'http', `http://${services.host}/guarded`)]
    await assert.rejects(round(paths, { watchMs: 300_000 }), {
      name: 'CanaryFailed',
      message: 'access tokens live for 300 s, and a round may take 391 s: watch for less',
    })
  })
})
