/**
 * A real server for tests: demo identities, SQLite in a folder of its own, real HTTP over loopback,
 * and a wall clock that tests may move.
 */
import { request as httpRequest } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Core } from '../src/core/core.ts'
import type { CoreDependencies } from '../src/core/dependencies.ts'
import type { NodeView } from '../src/http/node-view.ts'
import type { Store } from '../src/ports/store.ts'
import { openDemoServers, type DemoServers } from '../src/server/demo-servers.ts'
import { compose, type Composition } from '../src/server/compose.ts'
import type { World } from '../src/server/world.ts'
import { loadConfig, type ConfigFile } from '../src/server/config.ts'
import { assertDeclared } from './declared-answers.ts'
import { freePort } from '../src/testing/free-port.ts'
import { startPostgres } from '../src/testing/postgres.ts'
import { silentLog, systemClock, systemRandom } from '../src/server/system.ts'

export interface Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json(): any
}

export interface CallOptions {
  /** Pairs may repeat a name. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  /** An object is sent as JSON with its content type. */
  readonly body?: string | Buffer | URLSearchParams | object
}

export interface SentOtp {
  readonly to: string
  readonly code: string
  readonly dialect: string
}

export interface TestServer {
  readonly url: string
  /** Redirects are not followed. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** Moves the server's wall clock forward. */
  advance(ms: number): void
  readonly otps: SentOtp[]
  readonly core: Core
  readonly dependencies: CoreDependencies
  readonly node: NodeView
  readonly mounts: Composition['mounts']
  readonly store: Store
  close(): Promise<void>
}

/**
 * Longer than a busy machine may keep a guard or a node from renewing. Tests in which a lease is to
 * run out set a shorter one.
 */
export const LEASE_MS = 30_000

/** Cheap on purpose: tests log in thousands of times. */
const cheapPasswords = { memoryKiB: 64, passes: 1 }

/**
 * How many nodes serve, and on what. Tests say nothing of it: the whole suite of the dialects runs
 * on each.
 *
 * - `sqlite` (default): one node on SQLite.
 * - `postgres`: one node on PostgreSQL.
 * - `nodes`: three nodes on one PostgreSQL database; every call goes to the next of them.
 */
const arrangement = process.env['OUTRIGHT_TEST_STORE'] ?? 'sqlite'
if (!['sqlite', 'postgres', 'nodes'].includes(arrangement)) {
  throw new Error(`OUTRIGHT_TEST_STORE: there is no "${arrangement}"`)
}

export interface TestServerOptions {
  readonly config?: ConfigFile
  /** True: `issuer` is where the server listens; a name: by that, as passkeys need it. */
  readonly publicUrlIsOwn?: boolean | string
  /** True: one node in any arrangement, for what each node counts for itself. */
  readonly oneNode?: boolean
  /**
   * True: the server's clocks stand still but for `advance`, so that a limit by the minute counts
   * the same on a slow machine. Not where PostgreSQL has a clock of its own.
   */
  readonly frozenClocks?: boolean
  /** True: the demo's applications and its identity provider run, and follow the first node. */
  readonly demoServers?: boolean
}

/** Starts a server; close it when the test ends. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-test-'))
  const database = await openDatabase()
  const isFrozen = options.frozenClocks === true && arrangement === 'sqlite'
  const clock = isFrozen ? frozen(systemClock) : systemClock
  const world: TestWorld = { clock, offsetMs: 0, otps: [], demoServers: undefined }
  if (options.demoServers === true) {
    const { demo = true } = options.config ?? {}
    const own = { demo, host: '127.0.0.1' }
    world.demoServers = await openDemoServers(own, clockOf(world), silentLog)
  }
  const count = arrangement === 'nodes' && options.oneNode !== true ? 3 : 1
  const nodes: TestNode[] = []
  for (let number = 1; number <= count; number++) {
    nodes.push(await startNode(options, world, dataDir, database.url, `node-${String(number)}`))
  }
  const [first] = nodes
  if (first === undefined) throw new Error('no node was started')
  await world.demoServers?.start(first.url)
  let turn = 0
  let settling: Promise<void> | undefined
  return {
    url: first.url,
    async call(method, path, callOptions = {}) {
      const { url } = nodes[turn++ % nodes.length] ?? first
      await settling
      const reply = await call(url, method, path, callOptions)
      assertDeclared(first.composition.mounts, method, path, reply)
      return reply
    },
    advance(ms) {
      world.offsetMs += ms
      if (arrangement === 'sqlite') return
      // A wall clock that leaps looks like a machine that slept: nodes accept nothing until they
      // have renewed their leases. Tests mean that time passed, during which they did.
      settling = Promise.all(nodes.map(({ url: own }) => readiness(own))).then(() => undefined)
    },
    otps: world.otps,
    core: first.composition.core,
    dependencies: first.composition.dependencies,
    node: first.composition.node,
    mounts: first.composition.mounts,
    store: first.composition.store,
    async close() {
      await world.demoServers?.close()
      await Promise.all(nodes.map((node) => node.composition.close()))
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Resolves when a node may serve, or is closed. */
async function readiness(url: string): Promise<void> {
  try {
    while ((await call(url, 'GET', '/readyz', {})).status !== 200) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  } catch {
    // Closed meanwhile: a caller is told so then.
  }
}

interface TestWorld {
  readonly clock: World['clock']
  offsetMs: number
  readonly otps: SentOtp[]
  demoServers: DemoServers | undefined
}

function clockOf(world: Pick<TestWorld, 'clock' | 'offsetMs'>): World['clock'] {
  return { ...world.clock, nowMs: () => world.clock.nowMs() + world.offsetMs }
}

/** What is to be called back is called back all the same. */
function frozen(clock: World['clock']): World['clock'] {
  const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()]
  return { ...clock, nowMs: () => nowMs, monotonicMs: () => monotonicMs }
}

interface TestNode {
  readonly url: string
  readonly composition: Composition
}

async function startNode(
  options: TestServerOptions,
  world: TestWorld,
  dataDir: string,
  databaseUrl: string | undefined,
  node: string,
): Promise<TestNode> {
  const { publicUrlIsOwn = false } = options
  const port = publicUrlIsOwn === false ? 0 : await freePort()
  const host = typeof publicUrlIsOwn === 'string' ? publicUrlIsOwn : '127.0.0.1'
  const config = await loadConfig(
    {},
    {
      demo: true,
      port: 0,
      dataDir,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      node,
      issuer: `http://${host}:${String(port === 0 ? 8080 : port)}`,
      leaseMs: LEASE_MS,
      passwordCost: cheapPasswords,
      accessLog: false,
      ...options.config,
    },
  )
  const { demoServers } = world
  const composition = await compose(demoServers?.knownTo(config) ?? config, {
    clock: clockOf(world),
    databaseAheadMs: () => world.offsetMs,
    ...(demoServers === undefined ? {} : { demoServers }),
    random: systemRandom(),
    log: silentLog,
    otpSender: {
      send: (message) => {
        world.otps.push(message)
        return Promise.resolve()
      },
    },
  })
  await composition.app.listen({ host: '127.0.0.1', port })
  const { port: bound } = composition.app.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(bound)}`, composition }
}

/** An empty database of the server that the environment names, where the arrangement wants one. */
async function openDatabase(): Promise<{
  readonly url: string | undefined
  drop(): Promise<void>
}> {
  if (arrangement === 'sqlite') return { url: undefined, drop: () => Promise.resolve() }
  const postgres = await startPostgres()
  return { url: await postgres.createDatabase(), drop: () => postgres.stop() }
}

/** One HTTP request, exactly as it is given. */
export function call(
  url: string,
  method: string,
  path: string,
  options: CallOptions,
): Promise<Reply> {
  const { body } = options
  const headers: [string, string][] = headerPairs(options.headers).map(([name, value]) => [
    name,
    value,
  ])
  const has = (name: string): boolean => headers.some(([known]) => known.toLowerCase() === name)
  let payload: string | Buffer | undefined
  if (body instanceof URLSearchParams) {
    payload = body.toString()
    if (!has('content-type')) headers.push(['content-type', 'application/x-www-form-urlencoded'])
  } else if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    payload = body
  } else {
    payload = JSON.stringify(body)
    if (!has('content-type')) headers.push(['content-type', 'application/json'])
  }
  if (payload !== undefined && !has('content-length') && !has('transfer-encoding')) {
    headers.push(['content-length', String(Buffer.byteLength(payload))])
  }
  const target = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: target.hostname, port: target.port, method, path, agent: false },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const received: Record<string, string> = {}
          for (const [name, value] of Object.entries(incoming.headers)) {
            received[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
          }
          resolve({
            status: incoming.statusCode ?? 0,
            headers: received,
            text,
            json: () => JSON.parse(text) as unknown,
          })
        })
      },
    )
    outgoing.on('error', reject)
    for (const name of new Set(headers.map(([known]) => known.toLowerCase()))) {
      const values = headers.filter(([known]) => known.toLowerCase() === name).map(([, v]) => v)
      outgoing.setHeader(name, values.length === 1 ? (values[0] ?? '') : values)
    }
    outgoing.end(payload)
  })
}

function headerPairs(headers: CallOptions['headers']): readonly (readonly [string, string])[] {
  if (headers === undefined) return []
  return isPairs(headers) ? headers : Object.entries(headers)
}

function isPairs(
  headers: NonNullable<CallOptions['headers']>,
): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers)
}
