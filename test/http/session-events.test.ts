/** `GET /outright/v1/session/events`, on real sockets: what is said, to whom, and how often at once. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createGuard } from '../../src/guard/index.ts'
import { startTcpProxy } from '../../src/testing/tcp-proxy.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true, config: { rateLimitFactor: 1_000_000 } })
})
after(() => server.close())

const path = '/outright/v1/session/events'

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } }
}

async function login(): Promise<string> {
  const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization },
  })
  return (reply.json() as { bearer: string }).bearer
}

interface Stream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** What comes next. */
  next(): Promise<string>
  close(): void
}

async function listen(token: string): Promise<Stream> {
  const request = get(`${server.url}${path}`, { ...bearer(token), agent: false })
  request.on('error', () => undefined)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined)
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    next: async () => String(((await once(answer, 'data')) as [Buffer])[0]),
    close: () => request.destroy(),
  }
}

suite('events of a session', () => {
  test('begin with "ready", say "signed-out" when it ends, and are over then', async () => {
    const token = await login()
    const stream = await listen(token)
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    assert.equal(stream.headers['x-accel-buffering'], 'no')
    assert.equal(stream.headers['cache-control'], 'no-store')
    assert.equal(stream.headers['access-control-allow-origin'], '*')
    assert.equal(await stream.next(), 'event: ready\ndata: {}\n\n')
    const next = stream.next()
    await server.call('POST', '/directlink/v1/auth/logout', bearer(token))
    assert.equal(await next, 'event: signed-out\ndata: {}\n\n')
  })

  test('are refused without a token, with a bad one, and with one that is logged out', async () => {
    const token = await login()
    await server.call('POST', '/directlink/v1/auth/logout', bearer(token))
    for (const [options, problem] of [
      [{}, 'credentials-missing'],
      [bearer('x.y.z'), 'token-invalid'],
      [bearer(token), 'token-revoked'],
    ] as const) {
      const reply = await server.call('GET', path, options)
      assert.equal(reply.status, 401)
      assert.equal(reply.json().type, `urn:outright:problem:${problem}`)
      assert.equal(reply.headers['access-control-allow-origin'], '*')
    }
  })

  test('say that it has ended when no guard accepts the token any more, not before', async () => {
    const { hostname, port } = new URL(server.url)
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) })
    const guard = createGuard({
      server: `http://${proxy.host}:${String(proxy.port)}`,
      credential: 'outright-demo-guard',
    })
    try {
      await guard.ready()
      const token = await login()
      const stream = await listen(token)
      await stream.next()
      assert.equal((await guard.check(token)).ok, true)
      proxy.freeze()
      const said: string[] = []
      const heard = stream.next().finally(() => said.push('to the open tab'))
      await server.call('POST', '/directlink/v1/auth/logout', {
        headers: { ...bearer(token).headers, prefer: 'respond-async' },
      })
      assert.equal((await guard.check(token)).ok, true, 'the guard has not heard of it yet')
      const late = server.call('GET', path, bearer(token)).then(async ({ status }) => {
        said.push('to a tab that opens now')
        assert.equal(status, 401)
        assert.equal(
          (await guard.check(token)).ok,
          false,
          'a tab that opens now was told too early',
        )
      })
      for (let count = 0; count < 5; count++) await server.call('GET', '/healthz')
      assert.deepEqual(said, [], 'while the guard accepts it')
      proxy.thaw()
      assert.equal(await heard, 'event: signed-out\ndata: {}\n\n')
      assert.equal((await guard.check(token)).ok, false, 'the tab was told too early')
      await late
    } finally {
      guard.close()
      await proxy.close()
    }
  })

  test('are bounded for one session, and leave room for others', async () => {
    const token = await login()
    const streams: Stream[] = []
    for (let count = 0; count < 32; count++) streams.push(await listen(token))
    assert.deepEqual(new Set(streams.map(({ status }) => status)), new Set([200]))
    const refused = await listen(token)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '30')
    const other = await listen(await login())
    assert.equal(other.status, 200)
    other.close()
    for (const stream of streams) stream.close()
    // Less than a heartbeat, at which the server would notice in any case.
    const deadlineMs = performance.now() + 14_000
    let again = await listen(token)
    while (again.status !== 200 && performance.now() < deadlineMs) {
      await setTimeout(20)
      again = await listen(token)
    }
    assert.equal(again.status, 200)
    again.close()
  })
})
