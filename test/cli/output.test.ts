/** Standard output that is full, slow or gone: a server outlives it, a command loses nothing. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bareEnvironment } from '../bare-environment.ts'
import { startTestServer } from '../harness.ts'
import { until } from '../stores/until.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const writer = join(import.meta.dirname, 'output-child.ts')
const admin = { authorization: 'Bearer outright-demo-admin' }

const children = new Set<ChildProcess>()
let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outright-output-'))
})
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** A server whose log goes where the shell sends it, and the address that it says. */
async function serveInto(data: string, redirection: string, stderr: 'pipe' | 'gone' = 'pipe') {
  const command = `exec "$0" "$1" serve --demo --port 0 --data "$2" ${redirection}`
  const config = { accessLog: true }
  const configFile = join(folder, `${data}.json`)
  await writeFile(configFile, JSON.stringify(config))
  const child = spawn('bash', ['-c', command, process.execPath, main, join(folder, data)], {
    env: bareEnvironment({ OUTRIGHT_CONFIG: configFile }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let heard = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
      const found = /^outright: listening on (\S+)$/m.exec(heard)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => {
      reject(new Error(`ended with ${String(code)}: ${heard}`))
    })
  })
  if (stderr === 'gone') child.stderr.destroy()
  return { child, url }
}

async function logOutTwice(url: string): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const answer = await fetch(`${url}/outright/v1/revocations`, {
      method: 'POST',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify({ scope: 'subject', key: 'maria', reason: 'revoked_by_operator' }),
    })
    const text = await answer.text()
    assert.ok(answer.ok, text)
  }
}

suite('A server outlives its output', () => {
  test('a full disk under its log', async () => {
    const { child, url } = await serveInto('full', '>/dev/full')
    await logOutTwice(url)
    // The line of a request is written when its answer is on its way.
    const metrics = async () => (await fetch(`${url}/metrics`, { headers: admin })).text()
    await until(async () => /^outright_log_lines_lost [1-9]\d*$/m.test(await metrics()))
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('a reader of its log that goes away', async () => {
    const { child, url } = await serveInto('gone', '')
    child.stdout.destroy()
    await logOutTwice(url)
    await logOutTwice(url)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('a reader of standard error that goes away as well', async () => {
    const { child, url } = await serveInto('both', '', 'gone')
    child.stdout.destroy()
    await logOutTwice(url)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })
})

suite('What was lost is counted, and said when that is possible again', () => {
  test('a file that cannot grow until it is truncated', async () => {
    const file = join(folder, 'limited.log')
    const descriptor = openSync(file, 'a')
    // Blocks of 1024 bytes: the twentieth line or so no longer fits.
    const child = spawn('bash', ['-c', 'ulimit -f 1; exec "$0" "$1"', process.execPath, writer], {
      env: bareEnvironment(),
      stdio: ['pipe', descriptor, 'pipe'],
    })
    children.add(child)
    closeSync(descriptor)
    await once(child.stderr ?? assert.fail(), 'data')
    assert.match(await readFile(file, 'utf8'), /^line 1 /)
    await truncate(file, 0)
    const said = /(^|\n)lost \d+ lines: EFBIG\nline \d+/
    await until(async () => said.test(await readFile(file, 'utf8')))
    child.kill()
    await once(child, 'exit')
  })

  test('a reader that stops reading for a while costs lines, not memory', async () => {
    const child = spawn(process.execPath, [writer], {
      env: bareEnvironment({ PENDING: '4096' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.add(child)
    // The pipe is not read meanwhile: it holds 64 KiB, the child a little more, and the rest is lost.
    await once(child.stderr, 'data')
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until(() => /\nlost \d+ lines: the reader is too slow\nline \d+/.test(text))
    child.kill()
    await once(child, 'exit')
  })
})

test('a list of 10 MB arrives whole through a slow pipe', async () => {
  const server = await startTestServer({ oneNode: true })
  const count = 5500
  try {
    const first = await server.core.openSession({
      subjectId: 'maria',
      clientId: 'directlink',
      dialect: 'directlink',
      audience: 'a',
      accessLifetimeMs: 3_600_000,
    })
    const { session } = first
    for (let at = 0; at < count; at += 500) {
      const numbers = Array.from({ length: 500 }, (_, index) => at + index)
      await Promise.all(
        numbers.map((number) =>
          server.store.openSession({
            ...session,
            sid: `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
            deviceKey: undefined,
            attributes: { userAgent: 'Mozilla/5.0 '.repeat(140) },
            refreshToken: undefined,
          }),
        ),
      )
    }
    const child = spawn(
      process.execPath,
      [main, 'sessions', 'list', '--subject', 'maria', '--limit', 'all', '--json'],
      {
        env: bareEnvironment({
          OUTRIGHT_URL: server.url,
          OUTRIGHT_ADMIN_TOKEN: 'outright-demo-admin',
        }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let bytes = 0
    let lines = 0
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length
      for (const byte of chunk) if (byte === 10) lines++
      await sleep(2)
    }
    const code = child.exitCode ?? ((await once(child, 'exit')) as [number])[0]
    assert.deepEqual([code, lines], [0, count + 1])
    assert.ok(bytes > 10_000_000, `only ${String(bytes)} bytes`)
  } finally {
    await server.close()
  }
})
