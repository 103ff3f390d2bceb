/** The promise between real processes: stopped, killed, and behind a connection that goes silent. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Receipt } from '../../src/domain/receipt.ts'
import { startTcpProxy } from '../../src/testing/tcp-proxy.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logIn } from './log-in.ts'

const program = fileURLToPath(new URL('./guard-child.ts', import.meta.url))
/** Longer than a busy machine may keep a guard from renewing. */
const LEASE_MS = 6_000
/** Less than two leases: with the margins that the node counts, on a machine that is busy. */
const CONFIRMED_WITHIN_MS = 2 * LEASE_MS

const closing: (() => unknown)[] = []

after(async () => {
  for (const close of closing.toReversed()) await close()
})

/** A server that one test has to itself: a logout waits for every guard that follows it. */
async function start(): Promise<TestServer> {
  const server = await startTestServer({ config: { leaseMs: LEASE_MS } })
  closing.push(() => server.close())
  return server
}

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
    closing.push(() => this.process.kill('SIGKILL'))
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
async function logout(
  { core }: TestServer,
  sid: string,
): Promise<{ receipt: Receipt; answeredAt: bigint }> {
  const { receipt } = await core.revoke({
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

// At once: each waits for a lease to run out.
suite('guards in other processes', { concurrency: true }, () => {
  test('accept nothing after the answer', async () => {
    const server = await start()
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    const { receipt, answeredAt } = await logout(server, sid)
    await guard.says(refused, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.equal(receipt.lapsed, 0)
    guard.process.kill('SIGKILL')
  })

  test('accept nothing when they wake, where they were stopped during the logout', async () => {
    const server = await start()
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    guard.process.kill('SIGSTOP')
    const { receipt, answeredAt } = await logout(server, sid)
    guard.process.kill('SIGCONT')
    await guard.says(revoked, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.ok(receipt.lapsed >= 1)
    assert.ok(receipt.elapsedMs < CONFIRMED_WITHIN_MS, `took ${receipt.elapsedMs} ms`)
    guard.process.kill('SIGKILL')
  })

  test('do not hold a logout up for longer than a lease where they were killed', async () => {
    const server = await start()
    const { token, sid } = await logIn(server)
    const guard = new Watched(server.url, token)
    await guard.says(accepted)
    guard.process.kill('SIGKILL')
    await once(guard.process, 'exit')
    const { receipt } = await logout(server, sid)
    assert.ok(receipt.lapsed >= 1)
    assert.ok(receipt.elapsedMs < CONFIRMED_WITHIN_MS, `took ${receipt.elapsedMs} ms`)
  })

  test('accept nothing after the answer behind a connection that went silent', async () => {
    const server = await start()
    const { token, sid } = await logIn(server)
    const { hostname: host, port } = new URL(server.url)
    const proxy = await startTcpProxy({ host, port: Number(port) })
    closing.push(() => proxy.close())
    const guard = new Watched(`http://${proxy.host}:${proxy.port}`, token)
    await guard.says(accepted)
    proxy.freeze()
    const { receipt, answeredAt } = await logout(server, sid)
    await guard.says(refused, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    assert.ok(receipt.lapsed >= 1)
    proxy.thaw()
    await guard.says(revoked, answeredAt)
    assert.equal(guard.acceptedAfter(answeredAt), 0)
    guard.process.kill('SIGKILL')
  })
})
