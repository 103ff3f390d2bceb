/** Pages of other origins (Fetch, section 3.3): who may call, and what they may read. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

const page = 'https://app.example'

function preflight(
  server: TestServer,
  path: string,
  method: string,
  origin = page,
): Promise<Reply> {
  return server.call('OPTIONS', path, {
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,x-client-key',
    },
  })
}

function list(reply: Reply, header: string): string[] {
  return (reply.headers[header] ?? '').toLowerCase().split(',')
}

suite('the demo', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ oneNode: true })
  })
  after(() => server.close())

  test('lets any page call Baanx, as its published sample does', async () => {
    const asked = await preflight(server, '/v1/auth/logout', 'POST')
    assert.equal(asked.status, 204)
    assert.equal(asked.headers['access-control-allow-origin'], '*')
    for (const name of ['authorization', 'x-client-key', 'content-type', 'prefer']) {
      assert.ok(list(asked, 'access-control-allow-headers').includes(name), name)
    }
    assert.ok(list(asked, 'access-control-allow-methods').includes('post'))
  })

  test('its errors can be read by the page, and the receipt too', async () => {
    const refused = await server.call('POST', '/v1/auth/logout', { headers: { origin: page } })
    assert.equal(refused.status, 499)
    assert.equal(refused.headers['access-control-allow-origin'], '*')
    const exposed = list(refused, 'access-control-expose-headers')
    for (const name of ['outright-revocation', 'outright-confirmed', 'preference-applied']) {
      assert.ok(exposed.includes(name), name)
    }
    const nowhere = await server.call('GET', '/v1/auth/nowhere', { headers: { origin: page } })
    assert.deepEqual([nowhere.status, nowhere.headers['access-control-allow-origin']], [404, '*'])
  })

  test('says nothing of other origins where a dialect’s documents do not', async () => {
    for (const path of ['/auth/logout', '/directlink/v1/auth/logout', '/api/v1/login']) {
      const asked = await preflight(server, path, 'POST')
      assert.equal(asked.status, 204)
      assert.equal(asked.headers['access-control-allow-origin'], undefined, path)
    }
  })

  test('where two dialects share a path, the one that has the method answers', async () => {
    const adobe = await preflight(server, '/api/v1/logout', 'DELETE')
    assert.equal(adobe.headers['access-control-allow-origin'], page)
    const matar = await preflight(server, '/api/v1/logout', 'POST')
    assert.equal(matar.headers['access-control-allow-origin'], undefined)
    assert.equal(matar.headers['allow'], 'POST, DELETE, OPTIONS')
  })
})

suite('origins that the installation names', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({
      oneNode: true,
      config: {
        dialects: {
          baanx: { origins: [page, 'http://localhost:3000'] },
          octopus: { origins: ['*'] },
          adobePass: { origins: [] },
        },
      },
    })
  })
  after(() => server.close())

  test('and no others may call', async () => {
    for (const origin of [page, 'http://localhost:3000']) {
      const asked = await preflight(server, '/v1/auth/logout', 'POST', origin)
      assert.equal(asked.headers['access-control-allow-origin'], origin)
      assert.equal(asked.headers['vary'], 'Origin')
      assert.equal(asked.headers['access-control-allow-credentials'], undefined)
    }
    for (const origin of ['https://app.example.evil.test', 'http://app.example', 'null', '*']) {
      const asked = await preflight(server, '/v1/auth/logout', 'POST', origin)
      assert.equal(asked.headers['access-control-allow-origin'], undefined, origin)
      assert.equal(asked.headers['vary'], 'Origin')
    }
  })

  test('open any other dialect, and close the one whose documents let any', async () => {
    const octopus = await preflight(server, '/auth/logout', 'POST')
    assert.equal(octopus.headers['access-control-allow-origin'], '*')
    const adobe = await preflight(server, '/api/v1/logout', 'DELETE')
    assert.equal(adobe.headers['access-control-allow-origin'], undefined)
  })
})

test('in earnest, Baanx opens nothing by itself', async () => {
  const server = await startTestServer({ oneNode: true, config: { demo: false } })
  try {
    const asked = await preflight(server, '/v1/auth/logout', 'POST')
    assert.equal(asked.headers['access-control-allow-origin'], undefined)
  } finally {
    await server.close()
  }
})

test('what is not an origin is refused at the start', async () => {
  for (const origin of ['app.example', 'https://app.example/', 'https://App.example', 'null']) {
    await assert.rejects(
      startTestServer({ config: { dialects: { baanx: { origins: [origin] } } } }),
      /dialects\.baanx\.origins/,
    )
  }
})
