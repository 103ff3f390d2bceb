/** Every example of a guard, started as its first lines say, against a real server. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { after, afterEach, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import manifest from '../../package.json' with { type: 'json' }
import { call, startTestServer, type TestServer } from '../harness.ts'

const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`

let server: TestServer
let running: ChildProcess | undefined

before(async () => {
  // No lease ends because the machine is busy, or while a test runs.
  server = await startTestServer({ oneNode: true, config: { leaseMs: 60_000 } })
})

after(() => server.close())

afterEach(async () => {
  if (running === undefined) return
  const gone = once(running, 'exit')
  running.kill('SIGTERM')
  const [code] = (await gone) as [number | null]
  running = undefined
  assert.equal(code, 0, 'stops in good order')
  // Its lease was given back: a logout that waited for it would say that it has lapsed.
  const confirmed = await logout(await login())
  assert.match(confirmed, /;lapsed=0;/)
})

/** Starts an example by the script that its first lines name, without npm, and gives its URL. */
async function start(name: string): Promise<string> {
  const program = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))
  const opening = (await readFile(program, 'utf8')).split('*/', 1)[0]?.replaceAll(/\s+\*?\s*/g, ' ')
  assert.ok(opening?.includes(`npm run example examples/${name}.ts`), 'says how it is started')
  const [, node, ...parameters] = manifest.scripts.example.split(' ')
  assert.equal(node, 'node')
  running = spawn(process.execPath, [...parameters, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OUTRIGHT_URL: server.url, PORT: '0' },
  })
  const lines = createInterface({ input: running.stdout ?? process.stdin })
  const [line] = (await once(lines, 'line')) as [string]
  return line.replace('listening on ', '')
}

async function login(): Promise<string> {
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization: basic },
  })
  assert.equal(reply.status, 200, reply.text)
  return (reply.json() as { bearer: string }).bearer
}

/** @returns The receipt's header. */
async function logout(token: string): Promise<string> {
  const reply = await server.call('POST', '/directlink/v1/auth/logout', bearer(token))
  assert.equal(reply.status, 200, reply.text)
  return reply.headers['outright-confirmed'] ?? ''
}

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } }
}

suite('examples', () => {
  for (const name of ['guard-node', 'guard-express', 'guard-fastify', 'guard-hono']) {
    test(`${name} accepts a token until its logout is answered`, async () => {
      const url = await start(name)
      assert.equal((await call(url, 'GET', '/orders', {})).status, 401)
      const token = await login()
      const good = await call(url, 'GET', '/orders', bearer(token))
      assert.equal(good.status, 200)
      assert.deepEqual(Object.keys(good.json() as object), ['for'])
      if (name !== 'guard-node') {
        assert.equal((await call(url, 'GET', '/admin', bearer(token))).status, 403)
      }
      await logout(token)
      const dead = await call(url, 'GET', '/orders', bearer(token))
      assert.equal(dead.status, 401)
      assert.match(dead.headers['www-authenticate'] ?? '', /has been revoked/)
    })
  }

  test('guard-websocket ends a WebSocket when its session ends', async () => {
    const url = await start('guard-websocket')
    const token = await login()
    const socket = new WebSocket(url.replace('http', 'ws'), bearer(token))
    await once(socket, 'open')
    socket.send('hello')
    const [echo] = (await once(socket, 'message')) as [Buffer]
    assert.equal(String(echo), 'hello')
    const closed = once(socket, 'close')
    await logout(token)
    await closed
    const withoutOrigin = new WebSocket(url.replace('http', 'ws'), {
      headers: { cookie: `token=${await login()}`, origin: 'https://elsewhere.example' },
    })
    const [error] = (await once(withoutOrigin, 'error')) as [Error]
    assert.match(error.message, /401/)
  })

  test('guard-sse ends an event stream when its session ends', async () => {
    const url = await start('guard-sse')
    const token = await login()
    const events = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, bearer(token), resolve).on('error', reject)
    })
    const [first] = (await once(events, 'data')) as [Buffer]
    assert.match(String(first), /^data: \d{4}-/)
    events.on('error', () => undefined)
    const closed = new Promise((resolve) => events.once('close', resolve))
    events.resume()
    await logout(token)
    await closed
  })
})
