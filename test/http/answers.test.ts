/** What a route may say of its answers and its bodies, and the application sees to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { problemAnswer } from '../../src/http/problem.ts'
import type { Answer, Surface, Route } from '../../src/http/surface.ts'
import { defineDialect, type DialectModule } from '../../src/http/surface-module.ts'
import { group } from '../../src/settings/schema.ts'
import { startTestServer, type TestServer } from '../harness.ts'

const operation = { summary: 'x', responses: {} }
const got: number[] = []

function route(rest: Pick<Route, 'method' | 'path' | 'handle'> & Partial<Route>): Route {
  return { operation, ...rest }
}

function take({ body }: { readonly body: Buffer }): Answer {
  got.push(body.length)
  return { status: 200 }
}

/** The bytes of UTF-8, as Node takes them for a header. */
const latin1Name = Buffer.from('José', 'utf8').toString('latin1')
const bodies: Readonly<Record<string, string>> = { ascii: 'Jose', latin1: 'José', more: '✓ José' }

const sample: DialectModule<object> = defineDialect({
  name: 'sample',
  title: 'Sample',
  options: group<object>({}),
  create: createSample,
})

function createSample(): Surface {
  return {
    owns: (path) => path.startsWith('/sample/'),
    renderFailure: problemAnswer,
    routes: [
      route({
        method: 'GET',
        path: '/sample/cookies',
        handle: () => ({
          status: 200,
          cookies: [
            { name: 'one', value: 'a', path: '/', secure: true, sameSite: 'strict' },
            { name: 'two', value: '', path: '/two', secure: false, maxAgeSeconds: 0 },
          ],
        }),
      }),
      route({
        method: 'GET',
        path: '/sample/kept/:status',
        cacheControl: 'public, max-age=60',
        handle: ({ params }) => ({ status: Number(params['status']) }),
      }),
      route({
        method: 'GET',
        path: '/sample/text/:text',
        handle: ({ params }) => ({
          status: 200,
          headers: { name: latin1Name },
          body: bodies[params['text'] ?? ''] ?? '',
        }),
      }),
      route({ method: 'POST', path: '/sample/small', bodyLimitBytes: 1000, handle: take }),
      route({ method: 'POST', path: '/sample/usual', handle: take }),
      route({ method: 'POST', path: '/sample/large', bodyLimitBytes: 200_000, handle: take }),
    ],
  }
}

let server: TestServer
before(async () => {
  server = await startTestServer({
    oneNode: true,
    config: { customDialects: [{ dialect: sample }] },
  })
})
after(() => server.close())

test('every cookie of an answer is a header of its own', async () => {
  const { headers } = await fetch(`${server.url}/sample/cookies`)
  assert.deepEqual(headers.getSetCookie(), [
    'one=a; Path=/; HttpOnly; Secure; SameSite=Strict',
    'two=; Max-Age=0; Path=/two; HttpOnly; SameSite=Lax',
  ])
})

test('only good answers are kept by caches, and only where the route lets them', async () => {
  const cacheControl = async (path: string) =>
    (await server.call('GET', path)).headers['cache-control']
  assert.equal(await cacheControl('/sample/kept/200'), 'public, max-age=60')
  assert.equal(await cacheControl('/sample/kept/304'), 'public, max-age=60')
  for (const status of [302, 401, 404, 503]) {
    assert.equal(await cacheControl(`/sample/kept/${String(status)}`), 'no-store')
  }
  assert.equal(await cacheControl('/sample/cookies'), 'no-store')
  assert.equal(await cacheControl('/sample/nowhere'), 'no-store')
})

test('text and headers arrive as they were written, whatever characters either has', async () => {
  for (const [name, body] of Object.entries(bodies)) {
    const reply = await fetch(`${server.url}/sample/text/${name}`)
    const bytes = Buffer.from(await reply.arrayBuffer())
    assert.equal(bytes.toString('utf8'), body)
    assert.equal(reply.headers.get('content-length'), String(bytes.length))
    assert.equal(reply.headers.get('name'), latin1Name)
  }
})

suite('a body', () => {
  const post = async (path: string, bytes: number) =>
    (await server.call('POST', `/sample/${path}`, { body: Buffer.alloc(bytes) })).status

  // The rest of the body would be read as the next request.
  const refusedAndClosed = /^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n/i

  test('may be as long as its route says, and no longer', async () => {
    assert.deepEqual([await post('small', 1000), await post('small', 1001)], [200, 413])
    assert.deepEqual([await post('usual', 65_536), await post('usual', 65_537)], [200, 413])
    assert.deepEqual([await post('large', 200_000), await post('large', 200_001)], [200, 413])
    assert.ok(got.every((bytes) => bytes <= 200_000))
  })

  test('is refused by its length before it is sent', async () => {
    const head = 'POST /sample/small HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n'
    assert.match(await firstAnswer(head), refusedAndClosed)
  })

  test('is refused as soon as its chunks are too many, however many were to come', async () => {
    const head = 'POST /sample/small HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
    const chunk = `258\r\n${'x'.repeat(600)}\r\n`
    assert.match(await firstAnswer(head + chunk + chunk), refusedAndClosed)
  })
})

/** What the server says to bytes behind which none come. */
async function firstAnswer(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString('latin1')
}
