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
async function envoy(server: TestServer, asked: Asked, audience = 'demo-api'): Promise<Outcome> {
  const { authorization } = asked.headers
  const reply = await server.call(asked.method, `/outright/v1/check${asked.path}`, {
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      'content-length': '0',
      // `headers_to_add` of the example.
      'outright-audience': audience,
    },
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
      const path = '/a/b?c=d&audience=x&audience=y&scope=all&mode=redirect'
      const asked = { method, path, headers: { authorization: `Bearer ${token}` } }
      for (const outcome of [await traefik(server, asked, ''), await envoy(server, asked)]) {
        assert.ok(outcome.passed)
        assert.equal(outcome.headers['remote-user'], 'maria')
      }
    })
  }
})

test('FA-01, FA-04, FA-05: 200 has no body, is not kept, and names or blanks every identity', async () => {
  const reply = await server.call('GET', '/outright/v1/check', {
    headers: {
      authorization: `Bearer ${token}`,
      // What a caller wrote into its own request does not come back.
      'remote-user': 'admin',
      'remote-groups': 'admins',
      'remote-name': 'Admin',
      'remote-email': 'admin@example.com',
    },
  })
  assert.deepEqual([reply.status, reply.text], [200, ''])
  assert.equal(reply.headers['cache-control'], 'no-store')
  const names = ['remote-user', 'remote-groups', 'remote-name', 'remote-email', 'outright-client']
  assert.deepEqual(
    names.map((name) => reply.headers[name]),
    ['maria', '', '', '', 'directlink'],
  )
  assert.match(reply.headers['outright-session'] ?? '', /^[0-9a-f-]{36}$/)
})

test('FA-04: no subject is taken for another, whatever its name is made of', async () => {
  const tell = async (subject: string, scope?: string): Promise<Reply> => {
    const { access } = await server.core.openSession({
      subjectId: subject,
      clientId: 'directlink',
      dialect: 'directlink',
      audience: 'directlink',
      accessLifetimeMs: 600_000,
      ...(scope === undefined ? {} : { claims: { scope } }),
    })
    const headers = { authorization: `Bearer ${access.token}` }
    return server.call('GET', '/outright/v1/check', { headers })
  }
  const { headers } = await tell('joão')
  assert.equal(Buffer.from(headers['remote-user'] ?? '', 'latin1').toString('utf8'), 'joão')
  for (const name of ['ma\nria', 'maria\0', ' maria', 'maria ']) {
    const reply = await tell(name)
    assert.deepEqual([reply.status, reply.headers['remote-user']], [403, ''])
  }
  assert.equal((await tell('maria', 'a b,admins c')).headers['remote-groups'], 'a,c')
})

test('FA-04: scopes are told as groups, unless they are too many or that is switched off', async (context) => {
  const silent = await startTestServer({ config: { forwardAuth: { groups: false } } })
  context.after(() => silent.close())
  const groupsOf = async (at: TestServer, count: number): Promise<string | undefined> => {
    const { access } = await at.core.openSession({
      subjectId: 'maria',
      clientId: 'directlink',
      dialect: 'directlink',
      audience: 'directlink',
      accessLifetimeMs: 600_000,
      claims: { scope: Array.from({ length: count }, (_, index) => `scope-${index}`).join(' ') },
    })
    const headers = { authorization: `Bearer ${access.token}` }
    const reply = await at.call('GET', '/outright/v1/check', { headers })
    assert.equal(reply.headers['remote-user'], 'maria')
    return reply.headers['remote-groups']
  }
  assert.equal(await groupsOf(server, 2), 'scope-0,scope-1')
  assert.equal((await groupsOf(server, 215))?.length, 2039)
  assert.equal(await groupsOf(server, 216), '')
  assert.equal(await groupsOf(silent, 2), '')
})

test('FA-06: the answer comes well within the 200 ms for which Envoy waits', async (context) => {
  const asked = { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } }
  assert.ok((await envoy(server, asked)).passed)
  // It waits neither for the disk nor for a timer. What the node does beside it is seldom.
  const { store, clock } = server.dependencies
  const verbs = Object.keys(store).filter((name) => typeof Reflect.get(store, name) === 'function')
  const waits = [
    context.mock.method(clock, 'after'),
    ...verbs.map((name) => context.mock.method(store, name as 'findClient')),
  ]
  const rounds = 300
  // Its own time is counted by the processor: a machine that is busy elsewhere adds none.
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) assert.ok((await envoy(server, asked)).passed)
  const { user, system } = process.cpuUsage(before)
  for (const { mock } of waits) assert.ok(mock.callCount() < rounds)
  const eachMs = (user + system) / 1000 / rounds
  assert.ok(eachMs < 20, `each took ${eachMs.toFixed(1)} ms`)
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
    const behindEnvoy = await envoy(server, asked, 'other-api')
    assert.ok(!behindEnvoy.passed && behindEnvoy.reply.status === 401)
  })

  test('headers of a caller ask for more, never for less', async () => {
    for (const [headers, status, query = ''] of [
      [{ 'outright-audience': 'other-api' }, 401],
      [{ 'outright-audience': '' }, 401],
      [{ 'outright-scope': 'admin' }, 403],
      [{ 'outright-audience': 'demo-api', 'outright-scope': '' }, 401, '?audience=another'],
    ] as const) {
      const asked = { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } }
      const withHeaders = { ...asked, headers: { ...asked.headers, ...headers } }
      const outcome = await traefik(server, withHeaders, query)
      assert.ok(!outcome.passed)
      assert.equal(outcome.reply.status, status)
    }
  })

  test('FA-02: whatever is wrong with the question, the answer is 401 or 403', async () => {
    const authorization = `Bearer ${token}`
    const long = 'a'.repeat(9000)
    const questions: readonly [string, string, Readonly<Record<string, string>>][] = [
      ['GET', '/outright/v1/check?audience=a&audience=b', { authorization }],
      ['GET', `/outright/v1/check?audience=${long}`, { authorization }],
      ['GET', '/outright/v1/check?scope=%FF', { authorization }],
      ['GET', '/outright/v1/check/a%zz', { authorization }],
      ['GET', '/outright/v1/check', { authorization: `Bearer ${long}` }],
      ['GET', '/outright/v1/check', { authorization: 'Basic bWFyaWE6bWFyaWEtZGVtbw==' }],
      ['GET', '/outright/v1/check', { authorization: 'Bearer' }],
    ]
    for (const [method, path, headers] of questions) {
      const reply = await server.call(method, path, { headers })
      assert.ok([401, 403].includes(reply.status), `${method} ${path}: ${String(reply.status)}`)
      assert.equal(reply.headers['remote-user'] ?? '', '')
    }
    const twice = [
      ['authorization', authorization],
      ['authorization', authorization],
    ] as const
    const reply = await server.call('GET', '/outright/v1/check', { headers: twice })
    assert.equal(reply.status, 401)
  })
})

describe('FA-08: preflights', () => {
  const preflight = { 'access-control-request-method': 'POST', origin: 'https://elsewhere.example' }
  let lenient: TestServer
  before(async () => {
    lenient = await startTestServer({ config: { forwardAuth: { preflight: 'allow' } } })
  })
  after(() => lenient.close())

  const through = async (method: string, headers: Readonly<Record<string, string>>) => {
    const asked = { method, path: '/', headers }
    const direct = { headers: { ...headers, 'x-original-method': method } }
    const nginx = await lenient.call('GET', '/outright/v1/check', direct)
    return [
      (await traefik(lenient, asked, '')).passed,
      nginx.status === 200,
      (await envoy(lenient, asked)).passed,
    ]
  }

  test('are refused unless the configuration allows them', async () => {
    const asked = { method: 'OPTIONS', path: '/', headers: preflight }
    assert.ok(!(await traefik(server, asked, '')).passed)
    assert.ok(!(await envoy(server, asked)).passed)
  })

  test('pass where it does, without an identity', async () => {
    const asked = { method: 'OPTIONS', path: '/', headers: preflight }
    const outcome = await traefik(lenient, asked, '')
    assert.ok(outcome.passed)
    assert.equal(outcome.headers['remote-user'], '')
    assert.deepEqual((await through('OPTIONS', preflight)).slice(0, 2), [true, true])
  })

  test('nothing else passes with them: neither HEAD, nor OPTIONS that is not a preflight', async () => {
    assert.deepEqual(await through('HEAD', preflight), [false, false, false])
    assert.deepEqual(await through('OPTIONS', {}), [false, false, false])
  })

  test('no caller makes a request a preflight by writing headers that the proxy passes on', async () => {
    // Traefik and Caddy set the one header, nginx the other; each passes on what it does not set.
    for (const forged of ['x-original-method', 'x-forwarded-method']) {
      const headers = { ...preflight, [forged]: 'OPTIONS' }
      const asked = { method: 'GET', path: '/', headers }
      assert.ok(!(await traefik(lenient, asked, '')).passed, forged)
      const nginx = { headers: { ...headers, 'x-original-method': 'GET' } }
      assert.equal((await lenient.call('GET', '/outright/v1/check', nginx)).status, 401)
      const envoyed = await lenient.call('GET', '/outright/v1/check/secret', { headers })
      assert.equal(envoyed.status, 401)
    }
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
