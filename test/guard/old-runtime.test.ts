/**
 * The guard as it is built, on the oldest Node that it works on, which has no WebSocket of its own:
 * with the package `ws` beside it, and without.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../../src/testing/free-port.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Every Node of a version before 22 that this machine has. */
const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return stdout?.startsWith('v20.')
})

const program = `
import { createGuard } from './dist/guard/index.js'
const [server, token, nowhere] = process.argv.slice(2)
let guard
try {
  guard = createGuard({ server, credential: 'outright-demo-guard' })
} catch (error) {
  console.log(error.name + ': ' + error.message)
  process.exit()
}
await guard.ready()
const verdict = await guard.check(token)
guard.watch(verdict.claims, async () => {
  console.log('ended', (await guard.check(token)).reason)
  guard.close()
})
console.log(verdict.ok ? 'accepted' : verdict.reason)
let known
const isKnown = new Promise((resolve) => (known = resolve))
const log = { info() {}, warn: ({ reason }) => reason && known(), error() {} }
const wrong = createGuard({ server: nowhere, credential: 'x', log })
wrong.ready().catch(() => undefined)
await isKnown
await wrong.ready({ timeoutMs: 1 }).catch((error) => console.log(error.message))
wrong.close()
const { sid } = verdict.claims
await fetch(server + '/outright/v1/revocations', {
  method: 'POST',
  headers: { authorization: 'Bearer outright-demo-admin', 'content-type': 'application/json' },
  body: JSON.stringify({ scope: 'session', key: sid }),
})
`

suite('on Node 20', { skip: old === undefined ? 'this machine has none' : false }, () => {
  let server: TestServer
  let project: string

  before(async () => {
    server = await startTestServer({ oneNode: true })
    project = await mkdtemp(join(tmpdir(), 'outright-old-'))
    await mkdir(join(project, 'node_modules'))
    await writeFile(join(project, 'package.json'), '{ "type": "module" }')
    await writeFile(join(project, 'program.js'), program)
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const parameters = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(project, 'dist')]
    await run(process.execPath, [compiler, ...parameters])
    await symlink(join(root, 'node_modules', 'jose'), join(project, 'node_modules', 'jose'))
  })

  after(async () => {
    await server.close()
    await rm(project, { recursive: true, force: true })
  })

  const onOldNode = async (): Promise<readonly string[]> => {
    const { token } = await logIn(server)
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const parameters = ['program.js', server.url, token, nowhere]
    const { stdout } = await run(old!, parameters, { cwd: project })
    return stdout.trim().split('\n')
  }

  test('is refused at once without the package ws, by a TypeError that names the runtime', async () => {
    const [line, ...rest] = await onOldNode()
    assert.match(
      line ?? '',
      /^TypeError: Cannot create guard: Node 20\.\d+\.\d+ has no WebSocket\. Install the package "ws"/,
    )
    assert.deepEqual(rest, [])
  })

  test('works with it: verdicts, the feed, watches, and the cause where there is no server', async () => {
    await symlink(join(root, 'node_modules', 'ws'), join(project, 'node_modules', 'ws'))
    const lines = await onOldNode()
    assert.equal(lines[0], 'accepted')
    assert.match(lines[1] ?? '', /within 1 ms: nothing listens at .* \(ECONNREFUSED\)/)
    assert.deepEqual(lines.slice(2), ['ended revoked'])
  })
})
