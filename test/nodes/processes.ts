/**
 * Nodes on one database and guards, each a process of its own, each with a network of its own
 * between it and what it talks to. What a test asks of them goes to them directly.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { call, type CallOptions, type Reply } from '../harness.ts'
import { WallClock } from './wall-clock.ts'

const nodeModule = fileURLToPath(new URL('node-child.ts', import.meta.url))
const guardModule = fileURLToPath(new URL('guard-child.ts', import.meta.url))
const MAX_LOG_LENGTH = 200_000
const STOPPED_WITHIN_MS = 20_000
const STARTED_WITHIN_MS = 90_000
const ANSWERED_WITHIN_MS = 60_000

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process that prints its URL. Killed when the test's own process ends. */
export class Child {
  /** Where it can be set wrong. */
  readonly clock: WallClock | undefined
  readonly #arguments: readonly string[]
  #process: ChildProcess | undefined
  #url = ''
  #said = ''

  constructor(given: readonly string[], clock?: WallClock) {
    this.#arguments = given
    this.clock = clock
  }

  /** Empty while it does not run. */
  get url(): string {
    return this.#url
  }

  /** Starts it, as often as it takes: a node does not start where it cannot reach its database. */
  async start(): Promise<void> {
    const deadline = performance.now() + STARTED_WITHIN_MS
    while (!(await this.#try())) {
      if (performance.now() > deadline) throw new Error(`cannot start:\n${this.#said.slice(-2000)}`)
      await sleep(100)
    }
  }

  /** What it has written to its standard error, the latest part. */
  get said(): string {
    return this.#said
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(name)
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Asks it to finish what it does and end; ends it when that takes too long. */
  async stop(): Promise<void> {
    const child = this.#process
    const timer = setTimeout(() => child?.kill('SIGKILL'), STOPPED_WITHIN_MS)
    await this.#end('SIGTERM')
    clearTimeout(timer)
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#url = ''
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async #try(): Promise<boolean> {
    const child = spawn(process.execPath, [...this.#arguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.clock?.environment },
    })
    this.#process = child
    running.add(child)
    child.stderr.on('data', (text: Buffer) => {
      this.#said = (this.#said + text.toString()).slice(-MAX_LOG_LENGTH)
    })
    const lines = createInterface({ input: child.stdout })
    const ended = new AbortController()
    child.once('exit', () => {
      running.delete(child)
      // What another process still holds open must not keep this process alive.
      setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, 1_000).unref()
      ended.abort()
    })
    try {
      const [url] = (await once(lines, 'line', { signal: ended.signal })) as [string]
      this.#url = url
      return true
    } catch {
      return false
    }
  }
}

export interface Node {
  readonly name: string
  readonly child: Child
  /** Between it and the database; undefined where that is a file of its own. */
  readonly network: TcpProxy | undefined
}

export interface Guarded {
  readonly name: string
  readonly child: Child
  /** Between it and its node. */
  readonly network: TcpProxy
  /** The node that it is connected to. */
  node: Node
}

/** The URL of a database, and how to reach its host. */
interface Database {
  readonly cluster: { readonly host: string; readonly port: number }
  readonly url: string
}

export interface FleetOptions {
  /** PostgreSQL, for any number of nodes, or a file of SQLite, for one. */
  readonly database: Database | 'sqlite'
  readonly nodes: number
  readonly guardsPerNode: number
  readonly leaseMs: number
  /** The receiver that is told of every session that ended. */
  readonly toldUrl?: string
  /** Names of those whose wall clocks can be set wrong. */
  readonly wrongClocks?: readonly string[]
}

export class Fleet {
  readonly nodes: Node[] = []
  readonly guards: Guarded[] = []
  readonly #folder: string
  readonly #wrongClocks: readonly string[]

  private constructor(folder: string, wrongClocks: readonly string[]) {
    this.#folder = folder
    this.#wrongClocks = wrongClocks
  }

  /** Starts nodes on one database, and guards at each of them. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const { leaseMs, toldUrl, wrongClocks = [] } = options
    const folder = await mkdtemp(join(tmpdir(), 'outright-fleet-'))
    const fleet = new Fleet(folder, wrongClocks)
    const database = options.database === 'sqlite' ? join(folder, 'data') : options.database
    for (let number = 1; number <= options.nodes; number++) {
      const name = `node-${String(number)}`
      fleet.nodes.push(await nodeOf(database, name, leaseMs, fleet.#clockOf(name), toldUrl))
    }
    await Promise.all(fleet.nodes.map(({ child }) => child.start()))
    const homes = fleet.nodes.flatMap((node) =>
      Array.from({ length: options.guardsPerNode }, () => node),
    )
    await Promise.all(homes.map((node) => fleet.addGuard(node)))
    return fleet
  }

  async addGuard(node: Node): Promise<Guarded> {
    const network = await startTcpProxy(targetOf(node))
    const name = `guard-${String(this.guards.length + 1)}`
    const server = `http://${network.host}:${String(network.port)}`
    const child = new Child([guardModule, server, name], this.#clockOf(name))
    const guard = { name, child, network, node }
    this.guards.push(guard)
    await child.start()
    return guard
  }

  /** Starts a node that was killed, and brings its guards to it. */
  async restart(node: Node): Promise<void> {
    await node.child.start()
    for (const guard of this.guards) {
      if (guard.node === node) guard.network.redirect(targetOf(node))
    }
  }

  /** Moves a guard as a load balancer does: its connections break, the next go elsewhere. */
  move(guard: Guarded, node: Node): void {
    guard.node = node
    if (node.child.url !== '') guard.network.redirect(targetOf(node))
    guard.network.cut()
  }

  /** Resolves when every node may serve and every guard holds a lease. */
  async settled(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs
    const sure: readonly (() => Promise<[string, boolean]>)[] = [
      ...this.nodes.map(({ name, child }) => async (): Promise<[string, boolean]> => {
        const reply = await ask(child, 'GET', '/readyz')
        return [name, reply?.status === 200]
      }),
      ...this.guards.map(({ name, child }) => async (): Promise<[string, boolean]> => {
        const reply = await ask(child, 'GET', '/fresh')
        return [name, reply?.text === 'true']
      }),
    ]
    for (;;) {
      const answers = await Promise.all(sure.map((one) => one()))
      const missing = answers.filter(([, good]) => !good).map(([name]) => name)
      if (missing.length === 0) return
      if (performance.now() > deadline) {
        throw new Error(`not settled within ${String(withinMs)} ms: ${missing.join(', ')}`)
      }
      await sleep(50)
    }
  }

  /** What the nodes have logged, of each the latest part. */
  logs(): string {
    return this.nodes.map(({ name, child }) => `--- ${name}\n${child.said}`).join('\n')
  }

  async stop(): Promise<void> {
    const children = [...this.guards, ...this.nodes]
    await Promise.all(children.map(({ child }) => child.kill()))
    await Promise.all(children.map(async ({ network }) => network?.close()))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #clockOf(name: string): WallClock | undefined {
    return this.#wrongClocks.includes(name)
      ? new WallClock(join(this.#folder, `${name}.clock`))
      : undefined
  }
}

/** Asks a process; undefined where no answer came, or none in time. */
export async function ask(
  child: Child,
  method: string,
  path: string,
  options: CallOptions = {},
  patienceMs = 30_000,
): Promise<Reply | undefined> {
  if (child.url === '') return undefined
  const timer = new AbortController()
  try {
    return await Promise.race([
      call(child.url, method, path, options),
      sleep(patienceMs, undefined, { signal: timer.signal }),
    ])
  } catch {
    return undefined
  } finally {
    timer.abort()
  }
}

/**
 * Asks as a client does: again, where no answer came or one that says that trying again helps. A
 * node of a busy machine may lose its lease for a moment at any time, and must say so then.
 *
 * @returns The first other answer, and how often it was asked for.
 */
export async function askUntilAnswered(
  child: Child,
  ...call: [method: string, path: string, options?: CallOptions]
): Promise<{ readonly reply: Reply; readonly tries: number }> {
  const deadline = performance.now() + ANSWERED_WITHIN_MS
  for (let tries = 1; ; tries++) {
    const reply = await ask(child, ...call)
    if (reply !== undefined && reply.headers['retry-after'] === undefined) return { reply, tries }
    if (performance.now() > deadline) {
      const last = reply === undefined ? 'none' : `${String(reply.status)} ${reply.text}`
      throw new Error(`no other answer than ${last}:\n${child.said.slice(-4000)}`)
    }
    await sleep(50)
  }
}

/**
 * A node that is not started yet.
 *
 * @param database PostgreSQL, or the folder of a file of SQLite.
 */
export async function nodeOf(
  database: Database | string,
  name: string,
  leaseMs: number,
  clock?: WallClock,
  toldUrl = '',
): Promise<Node> {
  const rest = [name, String(leaseMs), toldUrl]
  if (typeof database === 'string') {
    const child = new Child([nodeModule, database, ...rest], clock)
    return { name, child, network: undefined }
  }
  const network = await startTcpProxy(database.cluster)
  const through = new URL(database.url)
  through.port = String(network.port)
  return { name, child: new Child([nodeModule, through.href, ...rest], clock), network }
}

function targetOf({ child }: Node): { host: string; port: number } {
  const { hostname, port } = new URL(child.url)
  return { host: hostname, port: Number(port) }
}
