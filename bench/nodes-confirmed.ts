/**
 * How long does a logout take that is answered when every verifier has confirmed it, with three
 * nodes on one PostgreSQL and ten guards at each, and how much of that is the waiting?
 *
 * Run: `node bench/nodes-confirmed.ts [rounds=5]`. Needs PostgreSQL's programs; the cluster lies in
 * the folder for temporary files and writes with `fsync` and `synchronous_commit` on.
 *
 * The floor is the same logout at the same nodes that does not wait (`Prefer: respond-async`): it
 * is on the disk and no verifier was asked. Beside it, one node with all thirty guards. Every node
 * is a process, and the guards of a node are one, too: all of them, PostgreSQL and the callers
 * share the machine. Calls go round the nodes, over connections that stay open.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createGuard } from '../src/guard/index.ts'
import { compose } from '../src/server/compose.ts'
import { loadConfig } from '../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../src/server/system.ts'
import { startCluster } from '../src/testing/postgres.ts'
import { describeMachine, machineText } from './machine.ts'
import { percentile, QuietGuard, spread } from './measure.ts'

const GUARDS = 30
const CALLS_EACH = { 1: 150, 16: 800 } as const
const maria = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
const agent = new Agent({ keepAlive: true })
const [role = '5', ...given] = process.argv.slice(2)

if (role === 'node') await serve(given)
else if (role === 'guards') await guard(given)
else await bench(Number(role))

async function serve([databaseUrl = '', node = '']: readonly string[]): Promise<void> {
  const config = await loadConfig(
    {},
    {
      demo: true,
      databaseUrl,
      node,
      issuer: 'http://127.0.0.1:8080',
      passwordCost: { memoryKiB: 64, passes: 1 },
      accessLog: false,
      rateLimitFactor: 1_000_000,
    },
  )
  const otpSender = { send: () => Promise.resolve() }
  const world = { clock: systemClock, random: systemRandom(), log: silentLog, otpSender }
  const { app } = await compose(config, world)
  console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
}

async function guard([server = '', count = '0']: readonly string[]): Promise<void> {
  const credential = 'outright-demo-guard'
  // Of names of their own, so that each has its own connection.
  const guards = Array.from({ length: Number(count) }, (_, index) =>
    createGuard({ server, credential, name: `bench-${String(index)}` }),
  )
  await Promise.all(guards.map((one) => one.ready()))
  console.log('ready')
}

interface Fleet {
  readonly urls: readonly string[]
  readonly children: readonly ChildProcess[]
}

interface Contender {
  readonly name: string
  readonly fleet: Fleet
  readonly callers: keyof typeof CALLS_EACH
  readonly waits: boolean
}

async function bench(rounds: number): Promise<void> {
  const cluster = await startCluster({ settings: { shared_buffers: '256MB' } })
  const children: ChildProcess[] = []
  try {
    const three = await startFleet(await cluster.createDatabase(), 3)
    const one = await startFleet(await cluster.createDatabase(), 1)
    children.push(...three.children, ...one.children)
    const ownIds = children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    const quiet = new QuietGuard(() => [process.pid, ...ownIds, ...cluster.processIds()], 2)
    const contenders = ([1, 16] as const).flatMap((callers): readonly Contender[] => [
      { name: 'three nodes, not waiting', fleet: three, callers, waits: false },
      { name: 'three nodes, confirmed', fleet: three, callers, waits: true },
      { name: 'one node, confirmed', fleet: one, callers, waits: true },
    ])
    const samples = new Map<Contender, number[][]>(contenders.map((each) => [each, []]))
    // The first round warms everything up and does not count.
    for (let round = -1; round < rounds; round += 1) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const times = await quiet.sample(() => quiet.watch(() => sample(contender)))
        if (round >= 0) samples.get(contender)?.push(times)
      }
    }
    report(samples)
    console.log(`\n${quiet.note}`)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await cluster.stop()
  }
}

async function startFleet(databaseUrl: string, nodes: number): Promise<Fleet> {
  const urls: string[] = []
  const children: ChildProcess[] = []
  for (let number = 1; number <= nodes; number++) {
    const [node, url] = await start('node', databaseUrl, `node-${String(number)}`)
    const [guards] = await start('guards', url, String(GUARDS / nodes))
    urls.push(url)
    children.push(node, guards)
  }
  return { urls, children }
}

/** Starts this file in another role; resolves with the first line that it prints. */
async function start(...words: readonly string[]): Promise<[ChildProcess, string]> {
  const path = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [path, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return [child, line]
}

/** Milliseconds of each logout. */
async function sample({ fleet, callers, waits }: Contender): Promise<number[]> {
  const { urls } = fleet
  const login = async (_: unknown, index: number): Promise<string> => {
    const answer = await post(urls[index % urls.length]!, '/directlink/v1/auth/login', maria)
    return (JSON.parse(answer) as { bearer: string }).bearer
  }
  const tokens = await Promise.all(Array.from({ length: CALLS_EACH[callers] }, login))
  const times: number[] = []
  let next = 0
  const call = async (): Promise<void> => {
    for (let index = next++; index < tokens.length; index = next++) {
      // Not the node that logged in: that one would be spared the first check of the signature.
      const url = urls[(index + 1) % urls.length]!
      const startMs = performance.now()
      await post(url, '/directlink/v1/auth/logout', `Bearer ${tokens[index]!}`, waits)
      times.push(performance.now() - startMs)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return times
}

/** Any answer but 200 ends the bench. */
function post(url: string, path: string, authorization: string, waits = true): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, ...(waits ? {} : { prefer: 'respond-async' }) }
    const outgoing = request(url + path, { method: 'POST', agent, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (piece: Buffer) => (text += piece.toString()))
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve(text)
        else reject(new Error(`${path} answered ${String(incoming.statusCode)}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function report(samples: ReadonlyMap<Contender, readonly number[][]>): void {
  console.log(machineText(describeMachine()))
  console.log(`| logout, ${String(GUARDS)} guards | callers | p50 ms | p99 ms | p50 to the floor |`)
  console.log('|---|---|---|---|---|')
  for (const [{ name, callers }, rounds] of samples) {
    const floor = [...samples].find(([other]) => other.callers === callers && !other.waits)?.[1]
    const half = rounds.map((times) => percentile(times, 50))
    const ratios = half.map((ms, round) => ms / percentile(floor?.[round] ?? [], 50))
    const cells = [half, rounds.map((times) => percentile(times, 99)), ratios].map((values) => {
      const { median, min, max } = spread(values)
      return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
    })
    console.log(`| ${name} | ${String(callers)} | ${cells.join(' | ')} |`)
  }
}
