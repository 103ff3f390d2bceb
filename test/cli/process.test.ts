/** The command as a process: starting, stopping, signals, pipes. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { bareEnvironment } from '../bare-environment.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

function outright(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [main, ...args], {
    env: bareEnvironment({ OUTRIGHT_ADMIN_TOKEN: 'outright-demo-admin', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finished(child: ReturnType<typeof outright>) {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { out, err, code }
}

/** How it has ended. Not at "exit": what it has said last may be read after that. */
function ended(child: ReturnType<typeof outright>): Promise<unknown[]> {
  return once(child, 'close')
}

/** Waits until standard error says where the server listens. */
async function serving(
  child: ReturnType<typeof outright>,
): Promise<{ readonly url: string; readonly err: () => string }> {
  let err = ''
  const heard = Promise.withResolvers<string>()
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
    const url = /^outright: listening on (\S+)$/m.exec(err)?.[1]
    if (url !== undefined) heard.resolve(url)
  })
  child.once('exit', () => {
    heard.reject(new Error(`the server did not start: ${err}`))
  })
  return { url: await heard.promise, err: () => err }
}

/** Runs inside the server: what closes first is the look for a free port, which is then taken. */
const takeFirstFreePort = `
  import { createServer, Server } from 'node:net'
  const close = Server.prototype.close
  Server.prototype.close = function (done) {
    Server.prototype.close = close
    const { port } = this.address()
    return close.call(this, () => {
      createServer().unref().listen(port, '127.0.0.1', () => {
        process.stderr.write('taken: ' + port + '\\n')
        done()
      })
    })
  }
`

suite('outright serve', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outright-process-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('serves until SIGTERM, and what it answered is there when it starts again', async () => {
    const args = ['serve', '--demo', '--port', '0', '--data', join(folder, 'kept')]
    const first = outright(args)
    const { url, err } = await serving(first)
    const logout = await finished(outright(['logout', '--subject', 'maria'], { OUTRIGHT_URL: url }))
    assert.deepEqual([logout.code, logout.err], [0, ''])
    assert.match(
      logout.out,
      /^ended subject maria: confirmed by (\d+) of \1 verifiers? in \d+ ms\n$/,
    )
    first.kill('SIGTERM')
    assert.deepEqual(await ended(first), [0, null])
    assert.match(err(), /outright: finishing what was accepted; a second signal stops at once\n/)
    assert.match(err(), /outright: stopped\n$/)

    const second = outright(args)
    const again = await serving(second)
    const audit = await finished(outright(['audit', 'list'], { OUTRIGHT_URL: again.url }))
    assert.match(audit.out, /subject {2}maria {2}revoked_by_operator/)
    second.kill('SIGINT')
    assert.deepEqual(await ended(second), [0, null])
  })

  test('takes signals that come together for one: npm passes on what the group has got', async () => {
    const child = outright(['serve', '--demo', '--port', '0', '--data', join(folder, 'twice')])
    const { err } = await serving(child)
    // Stopped meanwhile it meets both at one moment, however busy the machine is.
    for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCONT'] as const) child.kill(signal)
    assert.deepEqual(await ended(child), [0, null])
    assert.match(err(), /outright: stopped\n$/)
  })

  test('npm start ends with 0 when its whole group is told once', async () => {
    const data = join(folder, 'group')
    const child = spawn('npm', ['start', '--silent', '--', '--port', '0', '--data', data], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const { err } = await serving(child)
    process.kill(-(child.pid ?? 0), 'SIGINT')
    assert.deepEqual(await once(child, 'exit'), [0, null])
    // npm may end first.
    while (!err().endsWith('outright: stopped\n')) {
      assert.doesNotMatch(err(), /at once/)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })

  test('stops at once at the second signal', async () => {
    const child = outright(['serve', '--demo', '--port', '0', '--data', join(folder, 'forced')])
    const { url, err } = await serving(child)
    // A request that never arrives whole keeps the first signal waiting.
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const head = ['POST /outright/v1/revocations HTTP/1.1', 'host: x', 'content-length: 10']
    socket.write([...head, 'expect: 100-continue', '', ''].join('\r\n'))
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 100 /)
    child.kill('SIGTERM')
    while (!err().includes('finishing')) await new Promise((resolve) => setTimeout(resolve, 10))
    // A person's second signal: one that came at once would be taken for the first.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    child.kill('SIGTERM')
    assert.deepEqual(await ended(child), [1, null])
    assert.match(err(), /outright: stopped at once\n$/)
    socket.destroy()
  })

  test('says what is wrong with the configuration and exits with 2', async () => {
    const config = join(folder, 'bad.json')
    await writeFile(config, '{"leaseMs": 1}')
    const child = outright(['serve', '--port', '0', '--config', config])
    const { code, err, out } = await finished(child)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^outright: cannot use a setting: leaseMs is 1 \(bad\.json\); allowed: .+\n$/)
  })

  test('the demo says where to look, and its line logs a person out when pasted', async () => {
    const child = outright(['serve', '--demo', '--port', '0', '--data', join(folder, 'look')])
    const { url, err } = await serving(child)
    while (!/Log maria out .*\n/.test(err()))
      await new Promise((resolve) => setTimeout(resolve, 10))
    const look = /^ {2}Look around {3}(\S+) /m.exec(err())?.[1] ?? ''
    assert.equal(look, `${url}/`)
    const page = await fetch(look, { headers: { accept: 'text/html' } })
    assert.deepEqual(
      [page.status, page.headers.get('content-type')],
      [200, 'text/html; charset=utf-8'],
    )
    const line = /^ {2}Log maria out (.+)$/m.exec(err())?.[1] ?? ''
    const shell = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'inherit'] })
    const printed = await text(shell.stdout)
    assert.match(printed, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(printed, /^outright-confirmed: (\d+)\/\1;/im)
    child.kill()
    await once(child, 'exit')
  })

  test('takes another port when the free one that it found is taken meanwhile', async () => {
    const child = outright(
      ['serve', '--demo', '--port', '0', '--data', join(folder, 'meanwhile')],
      {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(takeFirstFreePort)}`,
      },
    )
    const { url, err } = await serving(child)
    const taken = /^taken: (\d+)$/m.exec(err())?.[1]
    assert.ok(taken !== undefined, err())
    assert.notEqual(new URL(url).port, taken)
    assert.equal((await fetch(`${url}/readyz`)).status, 200)
    // The issuer names the port that it listens on.
    const metadata = await fetch(`${url}/.well-known/openid-configuration`)
    assert.equal(((await metadata.json()) as { issuer: string }).issuer, url)
    child.kill()
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('says that the port or the folder is taken and exits with 1', async () => {
    const data = (name: string) => join(folder, name)
    const first = outright(['serve', '--demo', '--port', '0', '--data', data('a')])
    const { url } = await serving(first)
    const { port } = new URL(url)
    const [{ code, err }, used] = await Promise.all([
      finished(outright(['serve', '--demo', '--port', port, '--data', data('b')])),
      finished(outright(['serve', '--demo', '--port', '0', '--data', data('a')])),
    ])
    assert.equal(code, 1)
    assert.match(
      err,
      /^outright: cannot listen on 127\.0\.0\.1:\d+: the port is taken; choose another with --port\n$/,
    )
    assert.equal(used.code, 1)
    assert.match(used.err, /: another process is using it; choose another folder with --data\n$/)
    first.kill()
    await once(first, 'exit')
  })
})

suite('outright', () => {
  test('prints help without arguments and exits with 0', async () => {
    const { code, out, err } = await finished(outright([]))
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^Usage: outright \[options\] \[command\]\n/)
  })

  test('survives a reader that goes away', async () => {
    const child = outright(['--help'])
    child.stdout.once('data', () => {
      child.stdout.destroy()
    })
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  test('exits with 4 where there is no server', async () => {
    const { code, err } = await finished(
      outright(['sessions', 'list'], { OUTRIGHT_URL: 'http://127.0.0.1:65535' }),
    )
    assert.equal(code, 4)
    assert.match(
      err,
      /^outright: cannot reach http:\/\/127\.0\.0\.1:65535: nothing listens there: start it, or correct the address \(ECONNREFUSED\) \(elsewhere: --server or OUTRIGHT_URL\)\n$/,
    )
  })
})
