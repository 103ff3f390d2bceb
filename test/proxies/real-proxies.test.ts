/**
 * Forward authentication behind Debian's nginx, Caddy and HAProxy, with the configurations of
 * `examples/`.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { rawRequest } from '../dialects/raw-request.ts'
import { setStage, type Stage } from './stage.ts'

const proxies = [
  {
    name: 'nginx',
    example: 'nginx.conf',
    port: 8000,
    command: (configuration: string, folder: string) =>
      [
        'nginx',
        [
          '-p',
          folder,
          '-c',
          configuration,
          '-g',
          `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/logs/error.log;`,
        ],
      ] as const,
  },
  {
    name: 'Caddy',
    example: 'Caddyfile',
    port: 8001,
    command: (configuration: string) =>
      ['caddy', ['run', '--config', configuration, '--adapter', 'caddyfile']] as const,
  },
  {
    name: 'HAProxy',
    example: 'haproxy.cfg',
    port: 8003,
    command: (configuration: string) => ['haproxy', ['-db', '-f', configuration]] as const,
  },
]

for (const { name, example, port, command } of proxies) {
  describe(`behind ${name}`, () => {
    let stage: Stage
    before(async () => {
      stage = await setStage(example, port, command)
    })
    after(() => stage.close())

    const bearer = (token: string): { headers: Record<string, string> } => ({
      headers: { authorization: `Bearer ${token}` },
    })

    test('no token: 401 with a challenge, and the application is not reached', async () => {
      const before = stage.reached.length
      const reply = await stage.call('GET', '/report')
      assert.equal(reply.status, 401)
      assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer realm="outright"$/)
      assert.equal(stage.reached.length, before)
    })

    test('a good token: the application is told who it is, whatever the caller claims', async () => {
      const token = await stage.login()
      const claimed = { 'remote-user': 'admin', 'remote-groups': 'admins', 'remote-name': 'Admin' }
      const reply = await stage.call('GET', '/report?x=1', {
        headers: {
          authorization: `Bearer ${token}`,
          ...claimed,
          'remote-email': 'admin@example.com',
          'outright-client': 'admin',
        },
      })
      assert.deepEqual([reply.status, reply.text], [200, 'the application\n'])
      const { url, headers } = stage.reached.at(-1) ?? assert.fail()
      assert.equal(url, '/report?x=1')
      assert.equal(headers['remote-user'], 'maria')
      assert.match(String(headers['outright-session']), /^[0-9a-f-]{36}$/)
      assert.equal(headers['outright-client'], 'directlink')
      for (const name of ['remote-groups', 'remote-name', 'remote-email']) {
        assert.equal(headers[name] ?? '', '', name)
      }
    })

    test('a token with hundreds of scopes: the application is told none, rather than some', async () => {
      const { access } = await stage.server.core.openSession({
        subjectId: 'maria',
        clientId: 'directlink',
        dialect: 'directlink',
        audience: 'demo-api',
        accessLifetimeMs: 600_000,
        claims: {
          scope: Array.from({ length: 300 }, (_, index) => `organisation:${index}`).join(' '),
        },
      })
      assert.equal((await stage.call('GET', '/', bearer(access.token))).status, 200)
      const { headers } = stage.reached.at(-1) ?? assert.fail()
      assert.deepEqual([headers['remote-user'], headers['remote-groups'] ?? ''], ['maria', ''])
    })

    test('a body reaches the application, not the check', async () => {
      const token = await stage.login()
      const reply = await stage.call('POST', '/upload', {
        ...bearer(token),
        body: 'a'.repeat(200_000),
      })
      assert.equal(reply.status, 200)
      assert.equal(stage.reached.at(-1)?.body.length, 200_000)
    })

    test('a good token passes whatever the method, and whatever is expected', async () => {
      const { headers } = bearer(await stage.login())
      for (const method of ['PROPFIND', 'REPORT', 'QUERY', 'DELETE']) {
        assert.equal((await stage.call(method, '/calendar', { headers })).status, 200, method)
        assert.equal(stage.reached.at(-1)?.method, method)
      }
      const expecting = { headers: { ...headers, expect: '100-continue' }, body: 'a body' }
      assert.equal((await stage.call('PUT', '/upload', expecting)).status, 200)
      assert.equal(stage.reached.at(-1)?.body, 'a body')
      // The application is Node's, which says 417 to what it does not know; nginx keeps it from it.
      const odd = await stage.call('GET', '/', { headers: { ...headers, expect: 'something' } })
      assert.equal(odd.status, name === 'nginx' ? 200 : 417)
    })

    test('more headers than a server takes do not fail the check', async () => {
      const { headers } = bearer(await stage.login())
      const much = Object.fromEntries(
        ['x-one', 'x-two', 'x-three'].map((key) => [key, 'a'.repeat(7000)]),
      )
      // The application's own answer, which takes no more than the server that is asked. HAProxy
      // itself takes no more than that. Caddy asks with all of them: the check says no first, in its
      // own form where the head arrived in one packet.
      const { status } = await stage.call('GET', '/', { headers: { ...headers, ...much } })
      const expected = name === 'HAProxy' ? [400] : name === 'Caddy' ? [431, 401] : [431]
      assert.ok(expected.includes(status), String(status))
    })

    // The example for nginx passes no upgrade on to the application.
    if (name !== 'nginx') {
      test('a connection that changes its protocol is checked when it begins', async () => {
        const offer = ['GET /chat HTTP/1.1', 'Connection: Upgrade', 'Upgrade: chat']
        const authorization = `Authorization: Bearer ${await stage.login()}`
        assert.equal((await rawRequest(stage.url, [...offer, authorization])).status, 101)
        assert.equal(stage.reached.at(-1)?.headers['remote-user'], 'maria')
        const count = stage.reached.length
        assert.equal((await rawRequest(stage.url, offer)).status, 401)
        assert.equal(stage.reached.length, count)
      })
    }

    test('the first request after the logout is refused', async () => {
      for (let round = 0; round < 10; round++) {
        const token = await stage.login()
        assert.equal((await stage.call('GET', '/', bearer(token))).status, 200)
        const logout = await stage.server.call('POST', '/directlink/v1/auth/logout', bearer(token))
        assert.equal(logout.status, 200)
        const refused = await stage.call('GET', '/', bearer(token))
        assert.equal(refused.status, 401)
        assert.match(refused.headers['www-authenticate'] ?? '', /error="invalid_token"/)
      }
    })

    test('rubbish, another API’s token and a preflight are refused', async () => {
      const reached = stage.reached.length
      for (const authorization of ['Bearer x.y.z', 'Basic bWFyaWE6bWFyaWEtZGVtbw==', 'Bearer']) {
        assert.equal((await stage.call('GET', '/', { headers: { authorization } })).status, 401)
      }
      const preflight = { 'access-control-request-method': 'POST', origin: 'https://evil.example' }
      assert.equal((await stage.call('OPTIONS', '/', { headers: preflight })).status, 401)
      assert.equal(stage.reached.length, reached)
    })
  })
}

describe('a server that is frozen', () => {
  let frozen: ChildProcess
  let asked: string

  before(async () => {
    const program = `require('node:http').createServer((q, r) => r.end())
      .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    frozen = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = (await once(frozen.stdout!, 'data')) as [Buffer]
    asked = `127.0.0.1:${port.toString().trim()}`
    // Its sockets go on being accepted, by the system.
    frozen.kill('SIGSTOP')
  })
  after(() => frozen.kill('SIGKILL'))

  for (const { name, example, port, command } of proxies) {
    test(`holds up no request behind ${name}: it is refused`, async () => {
      const stage = await setStage(example, port, command, asked)
      try {
        const startedMs = performance.now()
        const reply = await stage.call('GET', '/', { headers: { authorization: 'Bearer a.b.c' } })
        assert.ok(reply.status >= 500, String(reply.status))
        // For the second that the example says, on however slow a machine: without it a proxy waits
        // for a minute or for ever.
        assert.ok(performance.now() - startedMs < 30_000)
        assert.equal(stage.reached.length, 0)
      } finally {
        await stage.close()
      }
    })
  }
})
