/** How long until the last of a thousand guards has acknowledged what was committed. */
import { QuietGuard, spread } from '../measure.ts'
import { aimText, spreadText, type Outcome, type Question, type Settings } from '../report.ts'
import { Child, cores, ownPids, stopAll } from '../http/child.ts'
import type { ServerFigures } from '../http/watch.ts'
import { addCredential } from './credential.ts'
import type { StormFigures, StormInput } from './node.ts'
import type { SwarmInput } from './swarm.ts'

const GUARDS = 1000
/** Logouts a second, and the p99 that is aimed at. */
const RATES = [
  { perSecond: 100, p99AimMs: 25 },
  { perSecond: 1000, p99AimMs: 50 },
] as const

const WARM_UP_SECONDS = 4

interface Fleet {
  readonly name: string
  readonly module: URL
  readonly processes: number
  /** Whether the guards of a process follow one feed together. */
  readonly shared: boolean
}

const swarm = new URL('./swarm.ts', import.meta.url)

const fleets: readonly Fleet[] = [
  { name: 'guards, 250 on one feed in 4 processes', module: swarm, processes: 4, shared: true },
  {
    name: 'guards, each on its own feed, in 4 processes',
    module: swarm,
    processes: 4,
    shared: false,
  },
  {
    name: 'connections that only acknowledge, in 1 process',
    module: new URL('./lean-swarm.ts', import.meta.url),
    processes: 1,
    shared: false,
  },
]

type Sample = StormFigures & { readonly nodeCpu: number; readonly guardsCpu: number }

interface Row {
  readonly name: string
  readonly p99AimMs: number
  readonly taken: Sample[]
}

export const guardFanout: Question = {
  name: 'guard-fanout',
  asks:
    'Commit to the last acknowledgement of 1,000 guards, on 4 feeds and on 1,000: p99 at most ' +
    '25 ms at 100/s, 50 ms at 1,000/s',
  run,
}

async function run({ seconds, rounds, retries }: Settings): Promise<Outcome> {
  const quiet = new QuietGuard(ownPids, retries)
  const rows: Row[] = []
  for (const fleet of fleets) {
    try {
      rows.push(...(await measure(fleet, { seconds, rounds, quiet })))
    } finally {
      await stopAll()
    }
  }
  return {
    title: `${String(GUARDS)} guards at one node`,
    header: ['who, at logouts a second', 'p50 ms', 'p99 ms', 'aim', 'CPU of node', 'CPU of guards'],
    rows: rows.map(text),
    notes: [
      'The node has one core, and all guards share the other. CPU: part of the core that was used.',
      quiet.note,
    ],
    figures: Object.fromEntries(rows.map(({ name, taken }) => [name, taken])),
  }
}

async function measure(
  fleet: Fleet,
  { seconds, rounds, quiet }: { seconds: number; rounds: number; quiet: QuietGuard },
): Promise<Row[]> {
  const node = new Child(new URL('./node.ts', import.meta.url), cores.server)
  const port = await node.ask<number>('start')
  const input: SwarmInput = {
    port,
    credential: await addCredential(port),
    guards: GUARDS / fleet.processes,
    shared: fleet.shared,
  }
  const swarms = Array.from(
    { length: fleet.processes },
    () => new Child(fleet.module, cores.client),
  )
  for (const swarm of swarms) await swarm.ask('join', input)
  const take = (perSecond: number, length: number): Promise<Sample> =>
    storm(node, swarms, { perSecond, seconds: length })
  // Until the lease is over that guards of an earlier run might hold.
  const { verifiers } = await take(RATES[0].perSecond, WARM_UP_SECONDS)
  // The node is one as well.
  const expected = 1 + (fleet.shared ? fleet.processes : GUARDS)
  if (verifiers !== expected) throw new Error(`${String(verifiers)} verifiers: ${fleet.name}`)
  const rows = RATES.map(({ perSecond, p99AimMs }) => ({
    perSecond,
    p99AimMs,
    name: `${fleet.name}, ${String(perSecond)}`,
    taken: [] as Sample[],
  }))
  for (let round = 0; round < rounds; round++) {
    for (const { perSecond, taken } of round % 2 === 0 ? rows : rows.toReversed()) {
      taken.push(await quiet.sample(() => quiet.watch(() => take(perSecond, seconds))))
    }
  }
  return rows
}

async function storm(node: Child, swarms: readonly Child[], input: StormInput): Promise<Sample> {
  const all = [node, ...swarms]
  await Promise.all(all.map((child) => child.ask('begin')))
  const startedMs = performance.now()
  const figures = await node.ask<StormFigures>('storm', input)
  const spentSeconds = (performance.now() - startedMs) / 1000
  const [own, ...others] = await Promise.all(all.map((child) => child.ask<ServerFigures>('end')))
  const cpu = (some: readonly (ServerFigures | undefined)[]): number =>
    some.reduce((sum, one) => sum + (one?.cpuSeconds ?? 0), 0) / spentSeconds
  return { ...figures, nodeCpu: cpu([own]), guardsCpu: cpu(others) }
}

function text({ name, p99AimMs, taken }: Row): string[] {
  const of = (figure: keyof Sample): ReturnType<typeof spread> =>
    spread(taken.map((sample) => sample[figure]))
  const p99 = of('p99Ms')
  const lapsed = Math.max(...taken.map((sample) => sample.lapsed))
  return [
    name + (lapsed > 0 ? ` (${String(lapsed)} lapsed)` : ''),
    spreadText(of('p50Ms'), 1),
    spreadText(p99, 1),
    aimText(p99.median <= p99AimMs, `p99 ≤ ${String(p99AimMs)}`),
    of('nodeCpu').median.toFixed(2),
    of('guardsCpu').median.toFixed(2),
  ]
}
