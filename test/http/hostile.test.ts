/**
 * Hostile input on every route that the server has: always a 4xx, never a 5xx, a hang or a stack
 * trace, and nothing else is disturbed. The routes come from the server's own OpenAPI document, so
 * a new one is tried as soon as it exists.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'

let server: TestServer
let routes: readonly { readonly method: string; readonly path: string }[]
let alive: string

before(async () => {
  server = await startTestServer({ config: { rateLimitFactor: 1_000_000 } })
  const document = (await server.call('GET', '/outright/v1/openapi.json')).json() as {
    paths: Record<string, Record<string, unknown>>
  }
  routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: concrete(path) })),
  )
  assert.ok(routes.length > 60)
  alive = await login()
})
after(() => server.close())

function concrete(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, 'x').replace('*', 'x')
}

async function login(): Promise<string> {
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` },
  })
  return (reply.json() as { bearer: string }).bearer
}

const none = `${base64('{"alg":"none","typ":"at+jwt"}')}.${base64('{"sub":"maria"}')}.`
const json = { 'content-type': 'application/json' }

function base64(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** Each alone, sent to every route. */
const attacks: readonly (readonly [string, CallOptions])[] = [
  ['broken JSON', { headers: json, body: '{"a":' }],
  ['JSON that is an array', { headers: json, body: '[1,2,3]' }],
  ['JSON that is null', { headers: json, body: 'null' }],
  ['deep JSON', { headers: json, body: '['.repeat(30_000) }],
  ['bytes that are not UTF-8', { headers: json, body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }],
  ['prototype keys', { headers: json, body: '{"__proto__":{"x":1},"constructor":{"y":2}}' }],
  ['wrong types', { headers: json, body: { username: 1, password: {}, email: [], otp: true } }],
  ['an unknown media type', { headers: { 'content-type': 'x/y; =;;' }, body: 'x' }],
  ['no media type', { body: 'x' }],
  ['alg none', { headers: { authorization: `Bearer ${none}` } }],
  ['a bearer of rubbish', { headers: { authorization: 'Bearer \u00e9\u00ff' } }],
  ['Basic of rubbish', { headers: { authorization: 'Basic %%%' } }],
  ['SQL in Basic', { headers: { authorization: `Basic ${base64("' OR 1=1 --:x")}` } }],
  ['an unknown scheme', { headers: { authorization: 'Negotiate abc' } }],
  [
    'two Authorization headers',
    {
      headers: [
        ['authorization', 'Bearer a.b.c'],
        ['authorization', 'Bearer d.e.f'],
      ],
    },
  ],
]

/**
 * Routes that answer any caller, whatever they are sent, because nothing that they do depends on
 * it.
 */
const open = new Set([
  '/healthz',
  '/readyz',
  '/metrics',
  '/.well-known/jwks.json',
  '/outright/v1/openapi.json',
])

function assertRefused(reply: Reply, what: string): void {
  assert.ok(reply.status < 500, `${what}: ${String(reply.status)} ${reply.text.slice(0, 200)}`)
  assert.doesNotMatch(reply.text, /\bat .*\.ts:\d+|node_modules|SqliteError|TypeError/, what)
}

describe('every route refuses', () => {
  for (const [name, options] of attacks) {
    test(name, async () => {
      for (const { method, path } of routes) {
        if (open.has(path)) continue
        assertRefused(await server.call(method, path, options), `${method} ${path}`)
      }
    })
  }

  test('a megabyte, as 413 or before it is read', async () => {
    const body = 'x'.repeat(1_048_576)
    for (const { method, path } of routes) {
      if (method === 'GET' || method === 'HEAD') continue
      let reply: Reply
      try {
        reply = await server.call(method, path, { headers: json, body })
      } catch (error) {
        // The server answers and closes while the body is still on its way; the answer may be lost.
        assert.match(String((error as NodeJS.ErrnoException).code), /^(?:EPIPE|ECONNRESET)$/)
        continue
      }
      assertRefused(reply, `${method} ${path}`)
      assert.ok(reply.status >= 400, `${method} ${path}`)
    }
  })

  test('parameters that break queries, paths and pages', async () => {
    const values = [
      "'%20OR%201=1--",
      '%00',
      '%0d%0aSet-Cookie:%20a=b',
      '%ff%fe',
      '..%2f..%2fetc',
      '',
    ]
    const names = ['requestor', 'deviceId', 'limit', 'cursor', 'after', 'reg_code', 'page', 'token']
    for (const { method, path } of routes) {
      const query = names.map((name, at) => `${name}=${values[at % values.length] ?? ''}`).join('&')
      const reply = await server.call(method, `${path}?${query}&${query}`)
      if (open.has(path)) continue
      assertRefused(reply, `${method} ${path}`)
      assert.doesNotMatch(reply.headers['set-cookie'] ?? '', /\ba=b/)
    }
  })

  test('paths that cannot be decoded or climb', async () => {
    for (const base of [
      '/api/v1/',
      '/auth/',
      '/directlink/v1/',
      '/v1/',
      '/reggie/v1/',
      '/outright/v1/',
    ]) {
      for (const tail of [
        '%',
        '%zz',
        '..%2f..%2f',
        '%2e%2e/%2e%2e/',
        'a'.repeat(8000),
        '%00',
        '//',
      ]) {
        const reply = await server.call('GET', base + tail)
        assertRefused(reply, base + tail.slice(0, 20))
        assert.ok(reply.status >= 400, base + tail.slice(0, 20))
      }
    }
  })

  test('methods that no route has', async () => {
    for (const method of ['PROPFIND', 'TRACE', 'PURGE', 'HEAD', 'PATCH']) {
      for (const { path } of routes) {
        if (open.has(path)) continue
        assertRefused(await server.call(method, path), `${method} ${path}`)
      }
    }
  })

  test('headers without end, and bytes that are no HTTP', async () => {
    const flood = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`
    for (const bytes of [
      flood,
      '\0\0\0\0',
      'GET / HTTP/9.9\r\n\r\n',
      'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    ]) {
      const answer = await raw(bytes)
      assert.match(answer, /^HTTP\/1\.1 4\d\d |^$/)
    }
  })
})

test('after all of it, an untouched session still works and the server is ready', async () => {
  const headers = { authorization: `Bearer ${alive}` }
  assert.equal((await server.call('GET', '/directlink/v1/download/list', { headers })).status, 200)
  assert.equal((await server.call('GET', '/readyz')).status, 200)
})

/** What the server says to bytes that are not a request. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.on('data', (data) => {
      received += data.toString()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve(received)
    })
  })
}
