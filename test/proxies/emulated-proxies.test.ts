/**
 * Traefik and Envoy are emulated here, not run: each function does what that proxy does by its own
 * documents. The clauses are those of forward authentication: what is sent, what lets a request
 * pass.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Passed with these headers for the application, or the answer that goes to the caller. */
type Outcome =
  | { readonly passed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly passed: false; readonly reply: Reply }

/** Traefik ForwardAuth: always GET, the original request in X-Forwarded headers, any 2xx passes. */
async function traefik(server: TestServer, asked: Asked, query: string): Promise<Outcome> {
  const reply = await server.call('GET', `/outright/v1/check${query}`, {
    headers: {
      ...asked.headers,
      'x-forwarded-method': asked.method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example',
      'x-forwarded-uri': asked.path,
      'x-forwarded-for': '198.51.100.7',
    },
  })
  if (reply.status < 200 || reply.status > 299) return { passed: false, reply }
  const { 'remote-user': subject = '' } = reply.headers
  return { passed: true, headers: { 'remote-user': subject } }
}

/** Envoy ext_authz over HTTP: the original method and path behind the prefix, 200 alone passes. */
async function envoy(server: TestServer, asked: Asked): Promise<Outcome> {
  const { authorization } = asked.headers
  const reply = await server.call(asked.method, `/outright/v1/check${asked.path}`, {
    headers: { ...(authorization === undefined ? {} : { authorization }), 'content-length': '0' },
  })
  if (reply.status !== 200) return { passed: false, reply }
  const { 'remote-user': subject = '' } = reply.headers
  return { passed: true, headers: { 'remote-user': subject } }
}

let server: TestServer
let token: string
before(async () => {
  server = await startTestServer({
    config: {
      forwardAuth: { loginUrl: 'https://auth.example/login', allowedHosts: ['app.example'] },
    },
  })
  const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const login = await server.call('GET', '/directlink/v1/auth/login', {
    headers: { authorization },
  })
  token = (login.json() as { bearer: string }).bearer
})
after(() => server.close())

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

describe('FA-01, FA-04: a good token passes, with an identity that is always set', () => {
  for (const method of methods) {
    test(`${method} through both`, async () => {
      const asked = { method, path: '/a/b?c=d', headers: { authorization: `Bearer ${token}` } }
      for (const outcome of [await traefik(server, asked, ''), await envoy(server, asked)]) {
        assert.ok(outcome.passed)
        assert.equal(outcome.headers['remote-user'], 'maria')
      }
    })
  }
})

describe('FA-02, FA-03: what is refused', () => {
  test('without a token: 401 with a challenge, never 5xx or a redirect that was not asked for', async () => {
    const asked = { method: 'GET', path: '/', headers: { accept: 'text/html' } }
    for (const outcome of [await traefik(server, asked, ''), await envoy(server, asked)]) {
      assert.ok(!outcome.passed)
      assert.equal(outcome.reply.status, 401)
      assert.equal(outcome.reply.headers['www-authenticate'], 'Bearer realm="outright"')
      assert.equal(outcome.reply.headers['cache-control'], 'no-store')
    }
  })

  test('mode=redirect sends a browser to the login page, and back where that is allowed', async () => {
    const asked = { method: 'GET', path: '/report?x=1', headers: { accept: 'text/html' } }
    const outcome = await traefik(server, asked, '?mode=redirect')
    assert.ok(!outcome.passed)
    assert.equal(outcome.reply.status, 302)
    const location = new URL(outcome.reply.headers['location'] ?? '')
    assert.equal(location.origin, 'https://auth.example')
    assert.equal(location.searchParams.get('return_to'), 'https://app.example/report?x=1')
  })

  test('FA-09: never back to a host that is not allowed', async () => {
    const reply = await server.call('GET', '/outright/v1/check?mode=redirect', {
      headers: {
        accept: 'text/html',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-uri': '/',
      },
    })
    assert.equal(reply.headers['location'], 'https://auth.example/login')
  })

  test('mode=redirect leaves calls of scripts at 401', async () => {
    const asked = { method: 'POST', path: '/', headers: { accept: 'application/json' } }
    const outcome = await traefik(server, asked, '?mode=redirect')
    assert.ok(!outcome.passed && outcome.reply.status === 401)
  })

  test('a scope that the token lacks is 403, an audience that it lacks 401', async () => {
    const asked = { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } }
    const scope = await traefik(server, asked, '?scope=admin')
    assert.ok(!scope.passed && scope.reply.status === 403)
    assert.match(scope.reply.headers['www-authenticate'] ?? '', /insufficient_scope.*scope="admin"/)
    const audience = await traefik(server, asked, '?audience=other-api')
    assert.ok(!audience.passed && audience.reply.status === 401)
  })
})

test('FA-05: the request after the logout is refused by both', async () => {
  const headers = { authorization: `Bearer ${token}` }
  const asked = { method: 'GET', path: '/', headers }
  assert.ok((await traefik(server, asked, '')).passed)
  await server.call('POST', '/directlink/v1/auth/logout', { headers })
  assert.ok(!(await traefik(server, asked, '')).passed)
  assert.ok(!(await envoy(server, asked)).passed)
})
