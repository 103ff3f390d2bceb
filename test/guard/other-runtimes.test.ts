/**
 * The guard and its adapter for Hono as they are built, on Bun and on Deno: what is open ends there
 * too.
 */
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const runtimes = join(root, 'test', 'runtimes')
const packages = join(runtimes, 'node_modules')

const known = [
  { name: 'Bun', binary: join(packages, '@oven/bun-linux-x64/bin/bun'), parameters: [] },
  { name: 'Deno', binary: join(packages, '@deno/linux-x64-glibc/deno'), parameters: ['run', '-A'] },
]

const SAID_WITHIN_MS = 60_000

let server: TestServer
let project: string

before(async () => {
  if (!known.some(({ binary }) => existsSync(binary))) return
  server = await startTestServer({ oneNode: true })
  project = await mkdtemp(join(tmpdir(), 'outright-runtimes-'))
  const installed = join(project, 'node_modules', 'outright')
  await mkdir(installed, { recursive: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const output = [
    '--outDir',
    join(installed, 'dist'),
    '--sourceMap',
    'false',
    '--inlineSources',
    'false',
  ]
  await promisify(execFile)(process.execPath, [
    compiler,
    '-p',
    join(root, 'tsconfig.build.json'),
    ...output,
  ])
  await copyFile(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['hono', 'jose']) {
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
  }
  await copyFile(join(runtimes, 'application.mjs'), join(project, 'application.mjs'))
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
})

after(async () => {
  if (server === undefined) return
  await server.close()
  await rm(project, { recursive: true, force: true })
})

for (const { name, binary, parameters } of known) {
  const skip = existsSync(binary) ? false : '"npm test" without a path installs it'
  suite(`on ${name}`, { skip }, () => {
    let child: ChildProcess
    let host: string
    const said: string[] = []
    let errors = ''

    before(async () => {
      child = spawn(binary, [...parameters, 'application.mjs'], {
        cwd: project,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, OUTRIGHT_URL: server.url, NO_COLOR: '1' },
      })
      child.stderr?.on('data', (data: Buffer) => (errors += data.toString()))
      const lines = createInterface({ input: child.stdout! })
      lines.on('line', (line) => said.push(line))
      const [line] = (await once(lines, 'line')) as [string]
      host = `127.0.0.1:${line.replace('listening ', '')}`
    })

    after(() => child.kill('SIGKILL'))

    test('a whole answer keeps its length', async () => {
      const { token } = await logIn(server)
      const answer = await fetch(`http://${host}/whole`, { headers: bearer(token) })
      assert.deepEqual(await answer.json(), { a: 'whole' })
      assert.equal(answer.headers.get('content-length'), '13')
    })

    for (const path of ['/stream', '/stream-text', '/stream-sse', '/body', '/known']) {
      test(`${path} ends with its session`, async () => {
        const { token, sid } = await logIn(server)
        const options = { headers: bearer(token), agent: false }
        const outgoing = httpRequest(`http://${host}${path}`, options).end()
        outgoing.on('error', () => undefined)
        const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
        incoming.on('error', () => undefined)
        await once(incoming, 'data')
        const closed = new Promise<boolean>((resolve) => {
          incoming.once('close', () => {
            resolve(incoming.complete)
          })
        })
        incoming.resume()
        await end(sid)
        assert.equal(await closed, path === '/stream-sse', 'no client takes a part for the whole')
      })
    }

    test('says of that a line or two at most, and no stack', () => {
      const lines = errors.split('\n').filter((line) => line !== '')
      assert.ok(lines.length <= 2 * 4, errors)
      assert.doesNotMatch(errors, /^\s+at /m)
    })

    test('a WebSocket whose events are wrapped ends with its session', async () => {
      const { token, sid } = await logIn(server)
      const socket = new WebSocket(`ws://${host}/echo`, { headers: bearer(token) })
      await once(socket, 'open')
      const echoed = once(socket, 'message')
      socket.send('hello')
      await echoed
      const closed = once(socket, 'close')
      await end(sid)
      assert.equal(((await closed) as [number])[0], 4401)
    })

    test('a WebSocket that nothing would end is refused, and how to do it is said', async () => {
      const { token } = await logIn(server)
      const socket = new WebSocket(`ws://${host}/unwatched`, { headers: bearer(token) })
      socket.on('open', () => assert.fail('it was let in'))
      socket.on('message', () => assert.fail('it was let in'))
      await once(socket, 'error')
      // What a process says and what it answers come by different ways.
      const deadline = performance.now() + SAID_WITHIN_MS
      const isSaid = (): boolean =>
        said.some((line) => /^Cannot let WebSocket in: .*protectUpgrade\(guard/.test(line))
      while (!isSaid() && performance.now() < deadline) await sleep(10)
      assert.ok(isSaid(), said.join('\n'))
    })
  })
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function end(sid: string): Promise<unknown> {
  const what = { scope: 'session', key: sid, reason: 'logout', actor: 'system' } as const
  return server.core.revoke({ ...what, wait: true })
}
