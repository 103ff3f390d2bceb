/**
 * WebSockets that a middleware lets in, by the packages that people use for them: each ends with
 * its session, at once, although the handler has long returned.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import websocketPlugin from '@fastify/websocket'
import { serve, upgradeWebSocket, type WebSocketServerLike } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import express from 'express'
import expressWs from 'express-ws'
import fastify from 'fastify'
import { Hono } from 'hono'
import { WebSocket, WebSocketServer } from 'ws'
import * as forExpress from '../../src/guard/adapters/express.ts'
import * as forFastify from '../../src/guard/adapters/fastify.ts'
import * as forHono from '../../src/guard/adapters/hono.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

/**
 * Of requests, which upgrades used to be taken for: longer than a test may take, so that what ends
 * has not waited for it.
 */
const graceMs = 3_600_000

let server: TestServer
let guard: Guard
let staleGuard: Guard
const closing: (() => unknown)[] = []

before(async () => {
  server = await startTestServer({ oneNode: true })
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

/** Every application echoes at `/echo`, and at `/stale` behind a guard that knows nothing. */
const applications: Readonly<Record<string, () => Promise<string>>> = {
  async 'express-ws'() {
    const application = express()
    const node = createServer(application)
    const { app } = expressWs(application, node)
    app.use('/echo', forExpress.protect(guard, { graceMs }))
    app.use('/stale', forExpress.protect(staleGuard))
    for (const path of ['/echo', '/stale']) {
      app.ws(path, (socket) => {
        socket.on('message', (message: Buffer) => {
          socket.send(message.toString())
        })
      })
    }
    return listen(node)
  },
  async '@fastify/websocket'() {
    const app = fastify({ forceCloseConnections: true })
    await app.register(websocketPlugin)
    for (const [path, by] of [
      ['/echo', guard],
      ['/stale', staleGuard],
    ] as const) {
      const onRequest = forFastify.protect(by, { graceMs })
      app.get(path, { websocket: true, onRequest }, (socket) => {
        socket.on('message', (message: Buffer) => {
          socket.send(message.toString())
        })
      })
    }
    closing.push(() => app.close())
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  async '@hono/node-ws'() {
    const app = new Hono()
    const sockets = createNodeWebSocket({ app })
    app.get('/echo', forHono.protect(guard, { graceMs }), sockets.upgradeWebSocket(echo))
    app.get('/stale', forHono.protect(staleGuard), sockets.upgradeWebSocket(echo))
    const node = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
    sockets.injectWebSocket(node)
    return listening(node)
  },
  async '@hono/node-server'() {
    const app = new Hono()
    app.get('/echo', forHono.protect(guard, { graceMs }), upgradeWebSocket(echo))
    app.get('/stale', forHono.protect(staleGuard), upgradeWebSocket(echo))
    const websocket = { server: new WebSocketServer({ noServer: true }) as WebSocketServerLike }
    const address = { hostname: '127.0.0.1', port: 0 }
    return listening(serve({ fetch: app.fetch, ...address, websocket }) as Server)
  },
}

const echo = () => ({
  onMessage(event: { data: unknown }, socket: { send: (data: string) => void }) {
    socket.send(String(event.data))
  },
})

function listen(node: Server): Promise<string> {
  node.listen(0, '127.0.0.1')
  return listening(node)
}

async function listening(node: Server): Promise<string> {
  closing.push(() => {
    node.closeAllConnections()
    node.close()
  })
  await once(node, 'listening')
  return `http://127.0.0.1:${(node.address() as AddressInfo).port}`
}

for (const [name, start] of Object.entries(applications)) {
  suite(`a WebSocket of ${name} behind the middleware`, () => {
    let url: string

    before(async () => {
      url = (await start()).replace('http', 'ws')
    })

    const connect = (path: string, token?: string): WebSocket =>
      new WebSocket(url + path, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })

    test('is let in with a good token, and ends at once with its session', async () => {
      const { token, sid } = await logIn(server)
      const watching = guard.status().watches
      const socket = connect('/echo', token)
      await once(socket, 'open')
      await echoed(socket)
      assert.equal(guard.status().watches, watching + 1)
      const closed = once(socket, 'close', { signal: AbortSignal.timeout(60_000) })
      await end(sid)
      assert.equal(((await closed) as [number])[0], 4401)
      assert.equal(guard.status().watches, watching)
    })

    test('is not watched any more once the client has closed it', async () => {
      const watching = guard.status().watches
      const socket = connect('/echo', (await logIn(server)).token)
      await once(socket, 'open')
      await echoed(socket)
      socket.close()
      await once(socket, 'close')
      while (guard.status().watches > watching) await new Promise(setImmediate)
    })

    for (const [path, what] of [
      ['/echo', 'without a token'],
      ['/stale', 'by a guard that is not current'],
    ] as const) {
      test(`is refused ${what}`, async () => {
        const socket = connect(path, path === '/stale' ? (await logIn(server)).token : undefined)
        socket.on('message', () => assert.fail('an echo came'))
        // A middleware of express-ws is asked when the WebSocket is open: that closes it.
        const refused = await Promise.race([
          once(socket, 'unexpected-response').then(([, answer]) => {
            socket.on('error', () => undefined)
            socket.terminate()
            return (answer as IncomingMessage).statusCode
          }),
          once(socket, 'close').then(() => 'closed'),
        ])
        assert.equal(refused, name === 'express-ws' ? 'closed' : path === '/stale' ? 503 : 401)
      })
    }
  })
}

/** What was sent before the application listens is lost by express-ws: tries until one comes. */
async function echoed(socket: WebSocket): Promise<void> {
  const timer = setInterval(() => {
    socket.send('hello')
  }, 10)
  const [data] = (await once(socket, 'message')) as [Buffer]
  clearInterval(timer)
  assert.equal(data.toString(), 'hello')
}

function end(sid: string): Promise<unknown> {
  const what = { scope: 'session', key: sid, reason: 'logout', actor: 'system' } as const
  return server.core.revoke({ ...what, wait: true })
}
