/** Requests that offer to change the protocol (RFC 9110, section 7.8): a server may decline. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { rawRequest } from '../dialects/raw-request.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { goodAuthorization } from './good-authorization.ts'

let server: TestServer
let authorization: string

before(async () => {
  server = await startTestServer()
  authorization = await goodAuthorization(server)
})
after(() => server.close())

function ask(line: string, headers: readonly string[], body = ''): ReturnType<typeof rawRequest> {
  return rawRequest(server.url, [line, ...headers], body)
}

suite('an offer that is not for the feed is declined, and the request answered', () => {
  const webSocket = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]

  test('WebSocket of an application that a proxy asks about: Caddy passes the offer on', async () => {
    for (const path of ['/outright/v1/check', '/outright/v1/check/chat']) {
      const good = await ask(`GET ${path} HTTP/1.1`, [authorization, ...webSocket])
      assert.equal(good.status, 200)
      assert.match(good.head, /^remote-user: maria$/m)
      assert.equal((await ask(`GET ${path} HTTP/1.1`, webSocket)).status, 401)
    }
  })

  test('HTTP/2 without TLS, as clients in Java offer it with every request', async () => {
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    ]
    const body = JSON.stringify({ scope: 'subject', key: 'nobody' })
    const reply = await ask(
      'POST /outright/v1/revocations HTTP/1.1',
      [
        'Authorization: Bearer outright-demo-admin',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        ...offer,
      ],
      body,
    )
    assert.equal(reply.status, 201)
    assert.equal((await ask('GET /outright/v1/feed HTTP/1.1', offer)).status, 426)
  })

  test('and the feed says what it is to clients that do not offer that', async () => {
    const plain = await server.call('GET', '/outright/v1/feed')
    assert.equal(plain.status, 426)
    assert.equal(plain.headers['upgrade'], 'websocket')
    assert.match(plain.headers['connection'] ?? '', /upgrade/i)
    assert.match(plain.json().detail, /WebSocket.*outright\.feed\.v\d/)
    const nameless = await ask('GET /outright/v1/feed HTTP/1.1', webSocket)
    assert.equal(nameless.status, 400)
    assert.match(nameless.body, /outright\.feed\.v\d/)
  })
})
