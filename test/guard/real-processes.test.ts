/** The promise between real processes: stopped, killed, and behind a connection that goes silent. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Receipt } from '../../src/domain/receipt.ts'
import { startTcpProxy } from '../../src/testing/tcp-proxy.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

const program = fileURLToPath(new URL('./guard-child.ts', import.meta.url))
/** The counted lease is 2092 ms; the rest is for a machine that is busy. */
const boundMs = 6000

let server: TestServer
const children: ChildProcess[] = []
const closing: (() => Promise<void>)[] = []

before(async () => {
  server = await startTestServer()
})

after(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const close of closing) await close()
  await server.close()
})

interface Decision {
  readonly at: bigint
  readonly outcome: string
}

/** A guard in a process of its own that checks the token all the time. */
class Watched {
  readonly process: ChildProcess
  readonly decisions: Decision[] = []
  readonly #ready: Promise<unknown>

  constructor(url: string, token: string) {
    this.process = spawn(process.execPath, [program, url, token], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(this.process)
    const lines = createInterface({ input: this.process.stdout! })
    this.#ready = once(lines, 'line')
    lines.on('line', (line) => {
      const [at, outcome] = line.split(' ')
      if (at && outcome) this.decisions.push({ at: BigInt(at), outcome })
    })
  }

  /** Resolves when it has decided so in a check that began after that moment. */
  async says(wanted: (outcome: string) => boolean, afterNs = 0n): Promise<void> {
    await this.#ready
    while (!this.decisions.some(({ at, outcome }) => at > afterNs && wanted(outcome))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  acceptedAfter(ns: bigint): number {
    return this.decisions.filter(({ at, outcome }) => at > ns && outcome === 'ok').length
  }
}

/** Logs out and says when the answer was there, on the clock that all processes share. */
async function logout(sid: string): Promise<{ receipt: Receipt; answeredAt: bigint }> {
  const { receipt } = await server.core.revoke({
    scope: 'session',
    key: sid,
    reason: 'logout',
    actor: 'system',
    wait: true,
  })
  return { receipt, answeredAt: process.hrtime.bigint() }
}

const accepted = (outcome: string): boolean => outcome === 'ok'
const refused = (outcome: string): boolean => outcome !== 'ok'
const revoked = (outcome: string): boolean => outcome === 'revoked'

suite('guards in other processes', () => {
  test('accept nothing after the answer', async () => {
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    const { receipt, answeredAt } = await logout(sid)
    await guard.says(refused, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.equal(receipt.lapsed, 0)
    guard.process.kill('SIGKILL')
  })

  test('accept nothing when they wake, where they were stopped during the logout', async () => {
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    guard.process.kill('SIGSTOP')
    const { receipt, answeredAt } = await logout(sid)
    guard.process.kill('SIGCONT')
    await guard.says(revoked, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.ok(receipt.lapsed >= 1)
    assert.ok(receipt.elapsedMs < boundMs, `took ${receipt.elapsedMs} ms`)
    guard.process.kill('SIGKILL')
  })

  test('do not hold a logout up for longer than a lease where they were killed', async () => {
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    guard.process.kill('SIGKILL')
    await once(guard.process, 'exit')
    const { receipt } = await logout(sid)
    assert.ok(receipt.lapsed >= 1)
    assert.ok(receipt.elapsedMs < boundMs, `took ${receipt.elapsedMs} ms`)
  })

  test('accept nothing after the answer behind a connection that went silent', async () => {
    const { token, sid } = await logIn(server)
    const { hostname: host, port } = new URL(server.url)
    const proxy = await startTcpProxy({ host, port: Number(port) })
    closing.push(() => proxy.close())
    const guard = new Watched(`http://${proxy.host}:${proxy.port}`, token)
    await guard.says(accepted)
    proxy.freeze()
    const { receipt, answeredAt } = await logout(sid)
    await guard.says(refused, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.ok(receipt.lapsed >= 1)
    proxy.thaw()
    await guard.says(revoked, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    guard.process.kill('SIGKILL')
  })
})
