/** What the adapters leave of their frameworks' types: this file compiles, and does what it says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import express from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import * as forExpress from '../../src/guard/adapters/express.ts'
import * as forFastify from '../../src/guard/adapters/fastify.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

let server: TestServer
let guard: Guard

before(async () => {
  server = await startTestServer({ oneNode: true })
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
  await guard.ready()
})

after(async () => {
  guard.close()
  await server.close()
})

test('Express: parameters of a path keep their types behind the guard', async () => {
  const app = express()
  app.get('/p/:id', forExpress.protect(guard), (request, response) => {
    request.params.id satisfies string
    // @ts-expect-error The path has no such parameter.
    void request.params.other
    response.json({ id: request.params.id, for: forExpress.claimsOf(request).sub })
  })
  const router = express.Router({ mergeParams: true })
  router.use(forExpress.protect(guard, { tokenOf: (request) => request.get('x-token') }))
  router.get('/:name', (request, response) => {
    response.json(request.params.name satisfies string)
  })
  app.use('/r', forExpress.protect(guard), router)
  const node = createServer(app).listen(0, '127.0.0.1')
  await once(node, 'listening')
  const { token } = await logIn(server)
  const headers = { authorization: `Bearer ${token}`, 'x-token': token }
  const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`
  const answers = [await fetch(`${url}/p/7`, { headers }), await fetch(`${url}/r/x`, { headers })]
  node.closeAllConnections()
  node.close()
  assert.deepEqual(await Promise.all(answers.map((answer) => answer.json())), [
    { id: '7', for: 'maria' },
    'x',
  ])
})

test('Express: a token can be looked for in what a middleware before it has left', async () => {
  interface WithCookies {
    cookies?: Readonly<Record<string, string>>
  }
  const tokenOf = (request: express.Request & WithCookies) => request.cookies?.['token']
  const middleware = forExpress.protect(guard, { tokenOf, closeCode: 1008 })
  assert.equal(middleware.length, 3)
})

test('Fastify: a hook over HTTP/2, with TLS or without, on a route, a plugin or the whole server', async () => {
  const app = fastify({ http2: true })
  app.addHook('onRequest', forFastify.protect(guard))
  app.get<{ Params: { id: string } }>(
    '/p/:id',
    { onRequest: forFastify.protect(guard, { scope: [] }) },
    (request) => ({ id: request.params.id, for: forFastify.claimsOf(request).sub }),
  )
  const secure = fastify({ http2: true, https: {} })
  secure.get('/', { onRequest: forFastify.protect(guard) }, () => 'secure')
  const typed = fastify()
  const tokenOf = (request: FastifyRequest) => request.headers.cookie
  typed.get('/', { onRequest: [forFastify.protect(guard, { tokenOf })] }, () => 'typed')
  const http2 = connect(await app.listen({ host: '127.0.0.1', port: 0 }))
  const { token } = await logIn(server)
  const stream = http2.request({ ':path': '/p/7', authorization: `Bearer ${token}` })
  const [body] = (await once(stream, 'data')) as [Buffer]
  http2.destroy()
  await app.close()
  assert.deepEqual(JSON.parse(body.toString()), { id: '7', for: 'maria' })
})
