/** Each adapter in its framework, on real sockets, behind a guard at a real server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { WebSocket, WebSocketServer } from 'ws'
import * as forExpress from '../../src/guard/adapters/express.ts'
import * as forFastify from '../../src/guard/adapters/fastify.ts'
import * as forHono from '../../src/guard/adapters/hono.ts'
import * as forNode from '../../src/guard/adapters/node.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { call, startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
let guard: Guard
let staleGuard: Guard
const closing: (() => unknown)[] = []

before(async () => {
  server = await startTestServer()
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
  const connect = () => ({ send: () => undefined, close: () => undefined })
  staleGuard = createGuard({ server: server.url, credential: 'x', connect })
  await guard.ready()
})

after(async () => {
  for (const close of closing) await close()
  guard.close()
  staleGuard.close()
  await server.close()
})

async function login(scope?: string): Promise<{ token: string; end: () => Promise<unknown> }> {
  const { session, access } = await server.core.openSession({
    subjectId: 'maria',
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs: 600_000,
    ...(scope === undefined ? {} : { claims: { scope } }),
  })
  const end = () =>
    server.core.revoke({
      scope: 'session',
      key: session.sid,
      reason: 'logout',
      actor: 'system',
      wait: true,
    })
  return { token: access.token, end }
}

/** Every application has the same routes: /hello, /scoped, /stale, /events. */
const applications: Readonly<Record<string, () => Promise<string>>> = {
  async 'node, as a listener'() {
    const hello: forNode.ProtectedListener = (request, response, claims) => {
      assert.equal(claims, forNode.claimsOf(request))
      response.end(`hello ${claims.sub}`)
    }
    const listeners: Readonly<Record<string, RequestListener>> = {
      '/hello': forNode.protectListener(guard, hello),
      '/scoped': forNode.protectListener(guard, hello, { scope: 'orders' }),
      '/stale': forNode.protectListener(staleGuard, hello),
      '/events': forNode.protectListener(guard, (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
      ),
    }
    return listen(
      createServer((request, response) => {
        listeners[request.url ?? '']?.(request, response)
      }),
    )
  },
  async node() {
    const routes: Readonly<Record<string, forNode.NodeProtectOptions>> = {
      '/hello': {},
      '/scoped': { scope: 'orders' },
      '/stale': {},
      '/events': {},
    }
    return listen(
      createServer((request, response) => {
        const path = request.url ?? ''
        const by = path === '/stale' ? staleGuard : guard
        void forNode.protect(by, request, response, routes[path]).then((claims) => {
          if (!claims) return
          if (path !== '/events') response.end(`hello ${forNode.claimsOf(request).sub}`)
          else response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
        })
      }),
    )
  },
  async express() {
    const { protect, claimsOf } = forExpress
    const app = express()
    const hello: express.RequestHandler = (request, response) => {
      response.send(`hello ${claimsOf(request).sub}`)
    }
    app.get('/hello', protect(guard), hello)
    app.get('/scoped', protect(guard, { scope: 'orders' }), hello)
    app.get('/stale', protect(staleGuard), hello)
    app.get('/events', protect(guard), (_request, response) => {
      response.type('text/event-stream').write('data: 1\n\n')
    })
    return listen(createServer(app))
  },
  async fastify() {
    const { protect, claimsOf } = forFastify
    const app = fastify({ forceCloseConnections: true })
    const hello = (request: object) => `hello ${claimsOf(request).sub}`
    app.get('/hello', { onRequest: protect(guard) }, hello)
    app.get('/scoped', { onRequest: protect(guard, { scope: 'orders' }) }, hello)
    app.get('/stale', { onRequest: protect(staleGuard) }, hello)
    app.get('/events', { onRequest: protect(guard) }, (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    })
    closing.push(() => app.close())
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  async hono() {
    const { protect } = forHono
    const app = new Hono<forHono.GuardEnv>()
    app.get('/hello', protect(guard), (context) =>
      context.text(`hello ${context.get('claims').sub}`),
    )
    app.get('/scoped', protect(guard, { scope: 'orders' }), (context) =>
      context.text(`hello ${context.get('claims').sub}`),
    )
    app.get('/stale', protect(staleGuard), (context) => context.text('never'))
    app.get('/events', protect(guard), (context) =>
      streamSSE(context, async (stream) => {
        await stream.writeSSE({ data: '1' })
        await new Promise<void>((resolve) => {
          stream.onAbort(resolve)
        })
      }),
    )
    const node = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
    closing.push(() => node.close())
    await once(node, 'listening')
    return `http://127.0.0.1:${(node.address() as AddressInfo).port}`
  },
}

async function listen(node: Server): Promise<string> {
  closing.push(() => {
    node.closeAllConnections()
    node.close()
  })
  node.listen(0, '127.0.0.1')
  await once(node, 'listening')
  return `http://127.0.0.1:${(node.address() as AddressInfo).port}`
}

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } }
}

for (const [name, start] of Object.entries(applications)) {
  suite(`the adapter for ${name}`, () => {
    let url: string

    before(async () => {
      url = await start()
    })

    test('lets a good token in and gives the route its claims', async () => {
      const { token } = await login()
      const answer = await call(url, 'GET', '/hello', bearer(token))
      assert.equal(answer.status, 200)
      assert.equal(answer.text, 'hello maria')
    })

    test('challenges as RFC 6750, section 3', async () => {
      const none = await call(url, 'GET', '/hello', {})
      assert.equal(none.status, 401)
      assert.equal(none.headers['www-authenticate'], 'Bearer realm="api"')
      const bad = await call(url, 'GET', '/hello', bearer('x'))
      assert.equal(bad.status, 401)
      assert.match(bad.headers['www-authenticate'] ?? '', /error="invalid_token"/)
      const { token, end } = await login()
      await end()
      const revoked = await call(url, 'GET', '/hello', bearer(token))
      assert.equal(revoked.status, 401)
      assert.match(revoked.headers['www-authenticate'] ?? '', /has been revoked/)
      assert.equal(revoked.json().reason, 'revoked')
      assert.equal(revoked.headers['cache-control'], 'no-store')
    })

    test('asks for scopes', async () => {
      const without = await call(url, 'GET', '/scoped', bearer((await login('other')).token))
      assert.equal(without.status, 403)
      assert.match(without.headers['www-authenticate'] ?? '', /insufficient_scope.*scope="orders"/)
      const having = await call(url, 'GET', '/scoped', bearer((await login('orders x')).token))
      assert.equal(having.status, 200)
    })

    test('answers 503 and when to retry where it cannot decide', async () => {
      const answer = await call(url, 'GET', '/stale', bearer((await login()).token))
      assert.equal(answer.status, 503)
      assert.equal(answer.headers['retry-after'], '1')
    })

    test('ends an open stream when its session is logged out, before the logout is answered', async () => {
      const { token, end } = await login()
      const watching = guard.status().watches
      const stream = await open(`${url}/events`, token)
      assert.equal(guard.status().watches, watching + 1)
      const ended = new Promise<void>((resolve) => {
        stream.once('close', resolve)
        stream.on('error', () => undefined)
        stream.resume()
      })
      await end()
      await ended
      assert.equal(guard.status().watches, watching)
    })
  })
}

suite('an answer that ends in the listener', () => {
  test('is not watched where all of it has been sent', async () => {
    const watching: number[] = []
    const url = await listen(
      createServer((request, response) => {
        forNode.protectListener(guard, () => response.end('whole'))(request, response)
        watching.push(guard.status().watches)
      }),
    )
    const before = guard.status().watches
    const { token } = await login()
    // The first time the guard has to verify the signature first.
    for (let time = 0; time < 3; time++) await call(url, 'GET', '/', bearer(token))
    assert.deepEqual(watching.slice(1), [before, before])
  })

  test('is cut off where much of it is still to be sent', async () => {
    const url = await listen(
      createServer(
        forNode.protectListener(guard, (_request, response) => response.end(Buffer.alloc(2 ** 26))),
      ),
    )
    const { token, end } = await login()
    const stream = await open(`${url}/`, token)
    await once(stream, 'readable')
    await end()
    let received = 0
    stream.on('data', (piece: Buffer) => (received += piece.length))
    await assert.rejects(once(stream, 'end'), { code: 'ECONNRESET' })
    assert.ok(received < 2 ** 26)
  })

  test('is watched as any other where the listener throws', async () => {
    const before = guard.status().watches
    const url = await listen(
      createServer((request, response) => {
        const failing: forNode.ProtectedListener = () => {
          response.writeHead(200).write('begun')
          throw new Error('a listener failed')
        }
        assert.throws(() => forNode.protectListener(guard, failing)(request, response), /failed/)
      }),
    )
    const { token, end } = await login()
    await guard.check(token)
    const stream = await open(`${url}/`, token)
    assert.equal(guard.status().watches, before + 1)
    const brokenOff = assert.rejects(once(stream, 'end'), { code: 'ECONNRESET' })
    stream.resume()
    await end()
    await brokenOff
  })
})

suite('WebSockets behind the adapter for node', () => {
  let url: string
  const received: string[] = []

  before(async () => {
    const sockets = new WebSocketServer({ noServer: true })
    const node = createServer()
    node.on('upgrade', (request, socket, head) => {
      const closeCode = request.url === '/silent' ? {} : { closeCode: 4401 }
      void forNode.protectUpgrade(guard, request, socket, closeCode).then((claims) => {
        if (!claims) return
        sockets.handleUpgrade(request, socket, head, (client) => {
          client.on('message', (data: Buffer) => received.push(data.toString()))
          client.on('error', () => undefined)
          client.send('hello')
          if (request.url !== '/talking') return
          const timer = setInterval(() => client.send('more'), 0)
          client.on('close', () => {
            clearInterval(timer)
          })
        })
      })
    })
    url = (await listen(node)).replace('http', 'ws')
  })

  test('are let in with a good token and end with its session', async () => {
    const { token, end } = await login()
    const socket = new WebSocket(url, bearer(token))
    await once(socket, 'message')
    const closed = once(socket, 'close')
    await end()
    const [code] = (await closed) as [number]
    assert.equal(code, 4401)
  })

  test('end without a close frame where none is asked for', async () => {
    const { token, end } = await login()
    const socket = new WebSocket(`${url}/silent`, bearer(token))
    await once(socket, 'message')
    const closed = once(socket, 'close')
    await end()
    assert.equal(((await closed) as [number])[0], 1006)
  })

  test('say nothing to the application any more once they have ended', async () => {
    const { token, end } = await login()
    const socket = new WebSocket(url, bearer(token))
    await once(socket, 'message')
    const closed = once(socket, 'close')
    socket.send('before')
    while (!received.includes('before')) await new Promise(setImmediate)
    const ended = end()
    const timer = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send('while')
    }, 0)
    await ended
    const count = received.length
    await closed
    clearInterval(timer)
    assert.equal(received.length, count)
  })

  test('are sent nothing after the close frame, however much the application writes', async () => {
    const { token, end } = await login()
    const request = httpRequest(`${url.replace('ws', 'http')}/talking`, {
      headers: {
        ...bearer(token).headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      },
    })
    request.end()
    const [, socket, head] = (await once(request, 'upgrade')) as [unknown, Socket, Buffer]
    const pieces = [head]
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    const closed = once(socket, 'close')
    await end()
    await closed
    const bytes = Buffer.concat(pieces)
    assert.ok(bytes.length > 4)
    assert.deepEqual([...bytes.subarray(-4)], [0x88, 2, 4401 >> 8, 4401 & 0xff])
  })

  test('are refused without one', async () => {
    const socket = new WebSocket(url)
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="api"')
    socket.on('error', () => undefined)
    socket.terminate()
  })
})

/** A request whose answer has begun and does not end by itself. */
async function open(url: string, token: string): Promise<IncomingMessage> {
  const outgoing = httpRequest(url, { ...bearer(token), agent: false }).end()
  outgoing.on('error', () => undefined)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  await once(incoming, 'data')
  return incoming
}
