/**
 * A server and guards, each in a process of its own, with a network between them that each guard
 * has to itself. What is asked of a process goes to it directly; only the feed, the keys and the
 * questions of the guard take its network.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { GuardStatus, Verdict } from '../../../src/guard/index.ts'
import { startTcpProxy, type TcpProxy } from '../../../src/testing/tcp-proxy.ts'
import { call, type Reply } from '../../harness.ts'

const serverModule = fileURLToPath(new URL('../../invariants/serve-child.ts', import.meta.url))
const guardModule = fileURLToPath(new URL('guard-child.ts', import.meta.url))
const HAPPENS_WITHIN_MS = 120_000
const basic = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`

/** What a logout was answered with. */
export interface Confirmation {
  readonly acknowledged: number
  readonly verifiers: number
  readonly lapsed: number
  readonly ms: number
}

/** A guard in a process of its own. */
export class GuardProcess {
  readonly url: string
  readonly network: TcpProxy
  readonly #process: ChildProcess
  readonly #ready: Promise<string>

  constructor(process: ChildProcess, network: TcpProxy, url: string, ready: Promise<string>) {
    this.#process = process
    this.network = network
    this.url = url
    this.#ready = ready
  }

  /** `ready`, or why not. */
  ready(): Promise<string> {
    return this.#ready
  }

  /** What `check` decides, in one word. */
  async verdict(token: string): Promise<string> {
    const verdict = (await this.get('/verdict', token)).json() as Verdict
    return verdict.ok ? 'ok' : verdict.reason
  }

  async status(): Promise<GuardStatus> {
    return (await this.get('/status')).json() as GuardStatus
  }

  get(path: string, token?: string): Promise<Reply> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return call(this.url, 'GET', path, { headers })
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name)
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await kill(this.#process)
    await this.network.close()
  }
}

export class Fleet {
  readonly guards: GuardProcess[] = []
  readonly #dataDir: string
  readonly #leaseMs: number
  #server: ChildProcess | undefined
  #url = ''

  /** Starts a server on an empty folder, which grants guards leases of that length. */
  static async start(leaseMs: number): Promise<Fleet> {
    const fleet = new Fleet(await mkdtemp(join(tmpdir(), 'outright-fleet-')), leaseMs)
    await fleet.startServer()
    return fleet
  }

  private constructor(dataDir: string, leaseMs: number) {
    this.#dataDir = dataDir
    this.#leaseMs = leaseMs
  }

  /** Starts the server on the folder it had, and brings every guard's network to it. */
  async startServer(): Promise<void> {
    const { process, next } = run(serverModule, [this.#dataDir, String(this.#leaseMs)])
    this.#server = process
    this.#url = await next()
    for (const { network } of this.guards) network.redirect(target(this.#url))
  }

  async killServer(): Promise<void> {
    if (this.#server) await kill(this.#server)
    this.#server = undefined
  }

  async addGuard(credential = 'outright-demo-guard'): Promise<GuardProcess> {
    const network = await startTcpProxy(target(this.#url))
    const server = `http://${network.host}:${String(network.port)}`
    const name = `guard-${String(this.guards.length + 1)}`
    const { process, next } = run(guardModule, [server, credential, name])
    const url = await next()
    const guard = new GuardProcess(process, network, url, next())
    this.guards.push(guard)
    return guard
  }

  async login(): Promise<string> {
    const reply = await call(this.#url, 'POST', '/directlink/v1/auth/login', {
      headers: { authorization: basic },
    })
    assert.equal(reply.status, 200, reply.text)
    return (reply.json() as { bearer: string }).bearer
  }

  /** Resolves with the answer, and not a moment later: what comes next may be asked of guards. */
  async logout(token: string): Promise<Confirmation> {
    const reply = await call(this.#url, 'POST', '/directlink/v1/auth/logout', {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(reply.status, 200, reply.text)
    const receipt = reply.headers['outright-confirmed'] ?? ''
    const numbers = /^(\d+)\/(\d+);lapsed=(\d+);ms=(\d+)$/.exec(receipt)
    assert.ok(numbers, `not a receipt: "${receipt}"`)
    const [acknowledged = 0, verifiers = 0, lapsed = 0, ms = 0] = numbers.slice(1).map(Number)
    return { acknowledged, verifiers, lapsed, ms }
  }

  async stop(): Promise<void> {
    await Promise.all(this.guards.map((guard) => guard.kill()))
    await this.killServer()
    await rm(this.#dataDir, { recursive: true, force: true })
  }
}

/** Tries until it holds, for as long as a busy machine may need. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
): Promise<T> {
  const startedMs = performance.now()
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    if (performance.now() - startedMs > HAPPENS_WITHIN_MS) {
      assert.fail(`never: ${what}; last: ${JSON.stringify(answer)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function run(
  module: string,
  input: readonly string[],
): { process: ChildProcess; next: () => Promise<string> } {
  const child = spawn(process.execPath, [module, ...input], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assert.ok(child.stdout)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async next() {
      const line = await lines.next()
      return line.done === true ? assert.fail(`${module} ended`) : line.value
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function target(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
