/** How many calls a second Adobe Pass answers, and in which form it refuses more. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { logOut } from './adobe-pass-kit.ts'

suite('the throttle', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({
      config: { rateLimitFactor: 1 },
      oneNode: true,
      frozenClocks: true,
    })
  })
  after(() => server.close())

  test('one a second after a burst of ten: then the proxy’s page, byte for byte, with CORS', async () => {
    const replies: Reply[] = []
    for (let index = 0; index < 16; index++) replies.push(await logOut(server, 'throttled'))
    const statuses = replies.map(({ status }) => status)
    assert.deepEqual(
      statuses.slice(0, 11),
      Array.from({ length: 11 }, () => 204),
    )
    assert.equal(statuses.at(-1), 429)
    const reply = replies.at(-1)
    assert.equal(reply?.headers['content-type'], 'text/html')
    assert.equal(reply?.headers['content-length'], '166')
    assert.ok(reply?.text.includes('<title>429 Too Many Requests</title>'))
    assert.equal(reply?.headers['access-control-allow-methods'], 'POST,GET,OPTIONS,DELETE')
    assert.match(
      reply?.headers['access-control-allow-headers'] ?? '',
      /authorization.*X-Device-Info/,
    )
    assert.equal(reply?.headers['outright-revocation'], undefined)
  })

  test('a preflight is answered all the same, and allows what the vendor’s allows', async () => {
    const reply = await server.call('OPTIONS', '/api/v1/logout', {
      headers: { origin: 'https://tv.example', 'access-control-request-method': 'DELETE' },
    })
    assert.equal(reply.status, 204)
    assert.equal(reply.headers['access-control-allow-origin'], 'https://tv.example')
    assert.equal(reply.headers['access-control-allow-methods'], 'POST,GET,OPTIONS,DELETE')
    assert.equal(reply.headers['vary'], 'Origin')
  })

  test('a page may ask not to wait, and reads the receipt', async () => {
    const reply = await server.call('OPTIONS', '/api/v1/logout', {
      headers: {
        origin: 'https://tv.example',
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'authorization,prefer',
      },
    })
    const allowed = reply.headers['access-control-allow-headers']?.toLowerCase().split(',') ?? []
    assert.ok(allowed.includes('authorization') && allowed.includes('prefer'))
    const exposed = reply.headers['access-control-expose-headers']?.toLowerCase().split(',') ?? []
    for (const name of ['outright-revocation', 'outright-confirmed', 'preference-applied']) {
      assert.ok(exposed.includes(name), name)
    }
  })
})
