/**
 * Answers that go on after their handler has returned: every way in which Hono makes one, on Node
 * and by web standards alone, and what HTTP/2 adds. Each ends with its session, at once.
 */
import assert from 'node:assert/strict'
import { once, type EventEmitter } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { serve } from '@hono/node-server'
import fastify from 'fastify'
import { Hono, type Context } from 'hono'
import { except } from 'hono/combine'
import { stream, streamSSE, streamText } from 'hono/streaming'
import * as forFastify from '../../src/guard/adapters/fastify.ts'
import * as forHono from '../../src/guard/adapters/hono.ts'
import * as forNode from '../../src/guard/adapters/node.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

/**
 * Of requests that have not begun to answer: longer than a test may take, so that what ends has not
 * waited for it.
 */
const graceMs = 3_600_000

let server: TestServer
let guard: Guard
let app: Hono<forHono.GuardEnv>
let url: string
const closing: (() => unknown)[] = []
/** Sources of bodies that were told that they are no longer read. */
let cancelled = 0

before(async () => {
  server = await startTestServer({ oneNode: true })
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
  await guard.ready()
  app = new Hono<forHono.GuardEnv>()
  app.use('/never', forHono.protect(guard, { graceMs: 300 }))
  app.use(except('/never', forHono.protect(guard, { graceMs })))
  for (const [path, handler] of Object.entries(streams)) app.get(path, handler)
  app.get('/whole', (context) => context.json({ a: 'whole' }))
  app.get('/nothing', (context) => context.body(null, 204))
  app.get('/never', () => new Promise<Response>(() => undefined))
  const node = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
  closing.push(() => {
    node.closeAllConnections()
    node.close()
  })
  await once(node, 'listening')
  url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`
})

after(async () => {
  for (const close of closing) await close()
  guard.close()
  await server.close()
})

/** Never ends by itself. */
const endless = async (written: { write: (text: string) => unknown }): Promise<void> => {
  await written.write('a piece\n')
  await new Promise(() => undefined)
}

function endlessBody(): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('a piece\n'))
    },
    cancel() {
      cancelled++
    },
  })
}

const streams: Readonly<Record<string, (context: Context) => Response>> = {
  '/stream': (context) => stream(context, endless),
  '/stream-text': (context) => streamText(context, endless),
  '/stream-sse': (context) =>
    streamSSE(context, (events) => endless({ write: (data) => events.writeSSE({ data }) })),
  '/body': (context) => context.body(endlessBody()),
  '/response': () => new Response(endlessBody()),
  '/response-of-known-length': () =>
    new Response(endlessBody(), { headers: { 'content-length': '1000' } }),
}

suite('an answer of Hono that is still being sent', () => {
  for (const path of Object.keys(streams)) {
    test(`${path}: ends with its session, on Node`, async () => {
      const { token, sid } = await logIn(server)
      const watching = guard.status().watches
      const outgoing = httpRequest(url + path, { headers: bearer(token), agent: false }).end()
      outgoing.on('error', () => undefined)
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      incoming.on('error', () => undefined)
      await once(incoming, 'data')
      assert.equal(guard.status().watches, watching + 1)
      const ended = closed(incoming)
      incoming.resume()
      await end(sid)
      await ended
      assert.equal(guard.status().watches, watching)
    })

    test(`${path}: ends with its session, where there is no Node`, async () => {
      const { token, sid } = await logIn(server)
      const watching = guard.status().watches
      const answer = await app.request(path, { headers: bearer(token) })
      const reader = answer.body!.getReader()
      assert.match(new TextDecoder().decode((await reader.read()).value), /a piece/)
      const rest = reader.read().then(
        ({ done }) => (done ? 'over' : 'more'),
        () => 'broken off',
      )
      await end(sid)
      assert.equal(await rest, path === '/stream-sse' ? 'over' : 'broken off')
      assert.equal(guard.status().watches, watching)
    })
  }

  test('its source is told where there is no Node', async () => {
    const { token, sid } = await logIn(server)
    const before = cancelled
    const answer = await app.request('/body', { headers: bearer(token) })
    await end(sid)
    await assert.rejects(answer.text())
    assert.equal(cancelled, before + 1)
  })

  test('is not watched where it is whole, and stays as it was', async () => {
    const { token } = await logIn(server)
    const watching = guard.status().watches
    const answer = await app.request('/whole', { headers: bearer(token) })
    assert.deepEqual(await answer.json(), { a: 'whole' })
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.equal((await app.request('/nothing', { headers: bearer(token) })).status, 204)
    assert.equal(guard.status().watches, watching)
  })

  test('is broken off after the grace where it has not begun, on Node and elsewhere', async () => {
    const { token, sid } = await logIn(server)
    const outgoing = httpRequest(`${url}/never`, { headers: bearer(token), agent: false }).end()
    const failed = once(outgoing, 'response')
    const answer = app.request('/never', { headers: bearer(token) })
    while (guard.status().watches < 2) await new Promise(setImmediate)
    await end(sid)
    await assert.rejects(failed, { code: 'ECONNRESET' })
    assert.equal((await answer).status, 401)
  })
})

suite('an answer over which a framework puts a `headersSent` of its own', () => {
  // As @fastify/express does: false for as long as Express itself has sent nothing.
  test('ends with its session once it is being sent', async () => {
    const node = createServer(
      forNode.protectListener(
        guard,
        (_request, response) => {
          Object.defineProperty(response, 'headersSent', { get: () => false, configurable: true })
          response.write('a piece\n')
        },
        { graceMs },
      ),
    ).listen(0, '127.0.0.1')
    closing.push(() => {
      node.closeAllConnections()
      node.close()
    })
    await once(node, 'listening')
    const { port } = node.address() as AddressInfo
    const { token, sid } = await logIn(server)
    const outgoing = httpRequest({ port, headers: bearer(token), agent: false }).end()
    outgoing.on('error', () => undefined)
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    incoming.on('error', () => undefined)
    const ended = closed(incoming)
    incoming.resume()
    await end(sid)
    await ended
  })
})

suite('HTTP/2', () => {
  let http2: ClientHttp2Session
  let pushed: Promise<ClientHttp2Stream>

  before(async () => {
    const application = fastify({ http2: true })
    application.get(
      '/open',
      { onRequest: forFastify.protect(guard, { graceMs }) },
      (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200).write('a piece')
      },
    )
    application.get(
      '/push',
      { onRequest: forFastify.protect(guard, { graceMs }) },
      (_request, reply) => {
        reply.hijack()
        reply.raw.createPushResponse({ ':path': '/pushed' }, (_error, response) => {
          response.write('a pushed piece')
          reply.raw.end('whole')
        })
      },
    )
    http2 = connectHttp2(await application.listen({ host: '127.0.0.1', port: 0 }))
    pushed = once(http2, 'stream').then(([stream]) => stream as ClientHttp2Stream)
    closing.push(() => {
      http2.destroy()
      return application.close()
    })
  })

  test('ends the stream of an answer with its session, and not the connection', async () => {
    const { token, sid } = await logIn(server)
    const other = http2.request({ ':path': '/open', ...bearer((await logIn(server)).token) })
    const answer = http2.request({ ':path': '/open', ...bearer(token) })
    for (const one of [answer, other]) one.on('error', () => undefined)
    await Promise.all([once(answer, 'data'), once(other, 'data')])
    const ended = closed(answer)
    await end(sid)
    await ended
    assert.equal(other.closed, false)
  })

  test('ends what was pushed, although its answer is over', async () => {
    const { token, sid } = await logIn(server)
    const answer = http2.request({ ':path': '/push', ...bearer(token) })
    answer.resume()
    const push = await pushed
    push.on('error', () => undefined)
    await Promise.all([once(push, 'data'), once(answer, 'close')])
    const ended = closed(push)
    await end(sid)
    await ended
  })
})

test('nothing is done where an earlier hand has answered while the token was checked', async () => {
  const { protectListener } = await import('../../src/guard/adapters/node.ts')
  const { createServer } = await import('node:http')
  const node = createServer((request, response) => {
    protectListener(guard, () => assert.fail())(request, response)
    response.writeHead(504).end('too late')
  })
  closing.push(() => node.close())
  node.listen(0, '127.0.0.1')
  await once(node, 'listening')
  const { port } = node.address() as AddressInfo
  const headers = bearer('not.a.token')
  const answer = await fetch(`http://127.0.0.1:${port}`, { headers })
  assert.deepEqual([answer.status, await answer.text()], [504, 'too late'])
})

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function end(sid: string): Promise<unknown> {
  const what = { scope: 'session', key: sid, reason: 'logout', actor: 'system' } as const
  return server.core.revoke({ ...what, wait: true })
}

/** Whether it ended well or not; rejects where it is still open long before the grace is over. */
function closed(stream: EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('It is still open'))
    }, 60_000)
    stream.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
