/**
 * Where dialects are served: at their documented paths, behind a prefix, under a host, or not at
 * all.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { reservedBeginnings } from '../../src/server/place-settings.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({
    oneNode: true,
    config: {
      dialects: {
        matar: { prefix: '/m' },
        directlink: { prefix: '/files', options: { apiver: 'v9' } },
        adobePass: { host: 'pass.example' },
        octopus: { enabled: false },
      },
    },
  })
})
after(() => server.close())

const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`

function login(path: string): Promise<Reply> {
  return server.call('POST', path, { headers: { authorization: basic } })
}

describe('a prefix', () => {
  test('is not one with which a path of the server itself begins', () => {
    const beginnings = server.mounts
      .filter(({ module }) => module.kind === 'own')
      .flatMap(({ surface }) => surface.routes.map(({ path }) => path.split('/')[1] ?? ''))
    const own = new Set(beginnings.filter((beginning) => beginning !== ''))
    // The pages of documentation are made from what is mounted, and are not mounted themselves.
    assert.deepEqual(reservedBeginnings, own.add('docs'))
  })

  test('comes before all paths of the dialect, and its tokens work there', async () => {
    const reply = await login('/files/directlink/v1/auth/login')
    assert.equal(reply.status, 200)
    const { bearer, apiver } = reply.json() as { bearer: string; apiver: string }
    assert.equal(apiver, 'v9')
    const headers = { authorization: `Bearer ${bearer}` }
    const list = await server.call('GET', '/files/directlink/v1/download/list', { headers })
    assert.equal(list.status, 200)
    const logout = await server.call('POST', '/files/directlink/v1/auth/logout', { headers })
    assert.equal(logout.status, 200)
  })

  test('takes the documented paths away', async () => {
    assert.equal((await login('/directlink/v1/auth/login')).status, 404)
  })

  test('unknown paths and wrong methods behind it are answered in the dialect’s form', async () => {
    const unknown = await server.call('GET', '/m/api/v1/nothing')
    assert.equal(unknown.status, 404)
    assert.equal(unknown.headers['content-type'], 'application/json')
    const wrong = await server.call('PUT', '/m/api/v1/logout')
    assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'POST'])
  })
})

describe('the owner of a path answers', () => {
  test('below a prefix of its own, whatever the path', async () => {
    const own = await startTestServer({
      oneNode: true,
      config: { dialects: { adobePass: { prefix: '/pass' }, matar: { prefix: '/pass/matar' } } },
    })
    try {
      for (const path of ['/pass/api/v1/nothing', '/pass/nothing', '/pass']) {
        const reply = await own.call('GET', path)
        assert.equal(reply.status, 404, path)
        assert.match(reply.headers['content-type'] ?? '', /^application\/xml/, path)
      }
      const matar = await own.call('GET', '/pass/matar/nothing')
      assert.deepEqual([matar.status, matar.json()], [404, { message: 'Not Found' }])
      const beside = await own.call('GET', '/passport')
      assert.match(beside.headers['content-type'] ?? '', /^application\/problem\+json/)
    } finally {
      await own.close()
    }
  })

  test('at the root, where both live under /api/v1: Adobe’s calls with a tail are Adobe’s', async () => {
    const own = await startTestServer({ oneNode: true })
    try {
      for (const path of ['/api/v1/tokens/nothing', '/api/v1/logout.xml', '/reggie/nothing']) {
        const reply = await own.call('GET', path)
        assert.ok(reply.status === 404 || reply.status === 405, path)
        assert.match(reply.headers['content-type'] ?? '', /^application\/xml/, path)
      }
    } finally {
      await own.close()
    }
  })
})

describe('a host', () => {
  const path = '/api/v1/logout?requestor=REF30&deviceId=tv'

  test('serves the dialect under that name alone', async () => {
    const there = await server.call('DELETE', path, { headers: { host: 'pass.example' } })
    assert.equal(there.status, 204)
    const elsewhere = await server.call('DELETE', path)
    assert.equal(elsewhere.status, 404)
  })
})

describe('a dialect that is switched off', () => {
  test('answers nothing: its paths have no owner', async () => {
    const reply = await server.call('POST', '/auth/login', {
      body: { username: 'x', password: 'y' },
    })
    assert.equal(reply.status, 404)
    assert.match(reply.headers['content-type'] ?? '', /^application\/problem\+json/)
  })
})
