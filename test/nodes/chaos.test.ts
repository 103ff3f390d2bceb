/**
 * The promise on three nodes, and on one with SQLite, while nodes are killed and frozen, their
 * database goes away and wall clocks are set wrong, and clients try again: everything that was
 * answered is written down and judged afterwards. A receiver that is often away is told of every
 * session that ended, each time under the same id.
 *
 * `OUTRIGHT_CHAOS_SEEDS` runs (1), each for `OUTRIGHT_CHAOS_SECONDS` (15), the first with
 * `OUTRIGHT_CHAOS_SEED` (random). The schedule and the choices of the load follow the seed; what
 * the machine makes of them does not. What failed is kept in the system's temporary folder.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster } from '../../src/testing/postgres.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { check } from './checker.ts'
import { Disturbances } from './disturbances.ts'
import { History } from './history.ts'
import { Load } from './load.ts'
import { Fleet, type FleetOptions } from './processes.ts'
import { checkTold, Listener, untold, type Told } from './told.ts'

const seeds = numberFrom('OUTRIGHT_CHAOS_SEEDS', 1)
const firstSeed = numberFrom('OUTRIGHT_CHAOS_SEED', randomInt(1_000_000))
const forMs = numberFrom('OUTRIGHT_CHAOS_SECONDS', 15) * 1000

/** As it is by default. */
const LEASE_MS = 2_000
/** The longest disturbance, the patience of a node with its database, the lease, and slack. */
const BOUND_MS = 20_000
const SETTLED_WITHIN_MS = 60_000
/** What a node that died had claimed is free after a minute; what failed pauses for half of one. */
const TOLD_WITHIN_MS = 150_000
const CHECKED_AT_THE_END = 50

const cluster = await startCluster()
after(() => cluster.stop())

interface Arrangement {
  readonly name: string
  readonly options: () => Promise<FleetOptions>
  /** What of the database is disturbed by itself. */
  readonly database: typeof cluster | undefined
}

const three: Arrangement = {
  name: 'chaos',
  options: async () => ({
    database: { cluster, url: await cluster.createDatabase() },
    nodes: 3,
    guardsPerNode: 2,
    leaseMs: LEASE_MS,
    wrongClocks: ['node-1', 'guard-3'],
  }),
  database: cluster,
}

const alone: Arrangement = {
  name: 'chaos-sqlite',
  options: () =>
    Promise.resolve({
      database: 'sqlite',
      nodes: 1,
      guardsPerNode: 3,
      // Longer than a start takes, so that there are guards that the run before has granted theirs.
      leaseMs: 3 * LEASE_MS,
      wrongClocks: ['node-1', 'guard-3'],
    }),
  database: undefined,
}

async function run(
  { name, options, database }: Arrangement,
  seed: number,
  history: History,
  t: TestContext,
): Promise<{ readonly logs: string; readonly told: readonly Told[] }> {
  const listener = await Listener.open(new SeededRandom(seed + 2))
  const fleet = await Fleet.start({ ...(await options()), toldUrl: listener.url })
  try {
    await fleet.settled(SETTLED_WITHIN_MS)
    const disturbances = new Disturbances(database, fleet, history, new SeededRandom(seed + 1))
    const load = new Load(fleet, history, new SeededRandom(seed), (node) => {
      disturbances.loggingOut(node)
    })
    await load.prepare()
    const running = load.run()
    await disturbances.run(forMs)
    load.stop()
    await running
    await fleet.settled(SETTLED_WITHIN_MS)
    await load.finish(CHECKED_AT_THE_END)
    listener.mend()
    const deadline = performance.now() + TOLD_WITHIN_MS
    while (untold(history.entries, listener.told).length > 0 && performance.now() < deadline) {
      await sleep(100)
    }
    return { logs: fleet.logs(), told: listener.told }
  } catch (error) {
    t.diagnostic(await history.keep(nameOf(name, seed), fleet.logs()))
    throw error
  } finally {
    await fleet.stop()
    await listener.close()
  }
}

async function judge(
  name: string,
  seed: number,
  history: History,
  { logs, told }: Awaited<ReturnType<typeof run>>,
  t: TestContext,
): Promise<void> {
  const { entries, disturbances } = history
  const violations = [...check(entries, BOUND_MS), ...checkTold(entries, told)]
  const count = (op: string, outcome: string): number =>
    entries.filter((entry) => entry.op === op && entry.outcome === outcome).length
  const outcomes = ['login', 'refresh', 'use', 'logout'].map(
    (op) =>
      `${op} ${String(count(op, 'done'))}/${String(count(op, 'dead'))}/${String(count(op, 'unknown'))}`,
  )
  const longest = entries.reduce((most, { startMs, endMs }) => Math.max(most, endMs - startMs), 0)
  t.diagnostic(
    `seed ${String(seed)}: ${String(disturbances.length)} disturbances; done/dead/unknown: ` +
      `${outcomes.join(', ')}; ${String(told.length)} messages; longest call ${longest.toFixed(0)} ms`,
  )
  // A run in which nothing worked would prove nothing.
  assert.ok(count('logout', 'done') > 5 && count('use', 'done') > 20, 'hardly anything worked')
  assert.ok(told.length > 5, 'hardly any receiver was told')
  // A database that is away is known and has an answer of its own; nothing else may go wrong.
  const failures = logs.split('\n').filter((line) => line.includes('"request failed"'))
  if (violations.length + failures.length === 0) return
  const where = await history.keep(nameOf(name, seed), logs)
  const shown = [
    ...violations.slice(0, 10).map((violation) => JSON.stringify(violation)),
    ...failures.slice(0, 3),
  ]
  assert.fail(
    `seed ${String(seed)}: ${String(violations.length)} violations, ${where}\n` + shown.join('\n'),
  )
}

function nameOf(name: string, seed: number): string {
  return `${name}-${String(seed)}`
}

function numberFrom(name: string, otherwise: number): number {
  const text = process.env[name]
  return text === undefined || text === '' ? otherwise : Number(text)
}

for (const [title, arrangement] of [
  ['three nodes, six guards, and a world that breaks', three],
  ['one node on SQLite, three guards, and a world that breaks', alone],
] as const) {
  suite(title, () => {
    for (let index = 0; index < seeds; index++) {
      const seed = firstSeed + index * 7919
      test(`seed ${String(seed)}: every promise is kept`, async (t) => {
        const history = new History()
        const outcome = await run(arrangement, seed, history, t)
        await judge(arrangement.name, seed, history, outcome, t)
      })
    }
  })
}
