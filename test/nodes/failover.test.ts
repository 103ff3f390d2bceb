/**
 * Invariant 3 in a failover: the primary is killed under load, its synchronous standby is promoted,
 * and the nodes, which are not restarted, find it behind the address that they know.
 */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { startTcpProxy } from '../../src/testing/tcp-proxy.ts'
import { check } from './checker.ts'
import { History, type Entry } from './history.ts'
import { Load } from './load.ts'
import { Fleet } from './processes.ts'

const LEASE_MS = 2_000
const BOUND_MS = 20_000
/** A look-up that was on its way to a host that vanished is given up after five seconds. */
const MENDED_WITHIN_MS = 30_000
const LOAD_MS = 4_000
const SEED = { breaks: 11, vanishes: 12 } as const

/** How the primary goes: its connections break, or nothing is ever heard of them again. */
type Way = 'breaks' | 'vanishes'

interface Database {
  readonly primary: TestCluster
  readonly standby: TestCluster
  readonly fleet: Fleet
  /** Resolves when the nodes are brought to the standby. */
  readonly failOver: () => Promise<Crash>
}

/** From when to when the primary died. */
interface Crash {
  readonly fromMs: number
  readonly toMs: number
}

async function withDatabase(way: Way, use: (database: Database) => Promise<void>): Promise<void> {
  const primary = await startCluster()
  const url = await primary.createDatabase()
  const standby = await primary.startStandby()
  // A host of its own: connections through it that are frozen stay so, others go elsewhere.
  const host = await startTcpProxy(primary)
  const database = { cluster: host, url }
  const fleet = await Fleet.start({ database, nodes: 3, guardsPerNode: 1, leaseMs: LEASE_MS })
  try {
    await fleet.settled(MENDED_WITHIN_MS)
    await use({
      primary,
      standby,
      fleet,
      failOver: async () => {
        assert.equal(await primary.synchronousStandbys(), 1)
        const fromMs = performance.now()
        if (way === 'vanishes') host.freeze()
        await primary.kill()
        const toMs = performance.now()
        await standby.promote()
        for (const { network } of fleet.nodes) network?.redirect(standby)
        return { fromMs, toMs }
      },
    })
  } finally {
    await fleet.stop()
    host.thaw()
    await host.close()
    await standby.stop()
    await primary.stop()
  }
}

async function failOverUnderLoad(
  { fleet, failOver }: Database,
  seed: number,
  t: TestContext,
): Promise<void> {
  const history = new History()
  const load = new Load(fleet, history, new SeededRandom(seed))
  await load.prepare()
  const urls = fleet.nodes.map(({ child }) => child.url)
  const running = load.run()
  await sleep(LOAD_MS)
  await enough('logouts before the crash', () => logoutsOf(history.entries).length > 20)
  const crash = await failOver()
  const promotedMs = performance.now()
  try {
    // Leases outlive the crash: that all are sure says little. That each node logs out says it all.
    await answersEverywhere(fleet, history, promotedMs)
    const mendedMs = performance.now()
    t.diagnostic(
      `every node logged out ${(mendedMs - promotedMs).toFixed(0)} ms after the promotion`,
    )
    await sleep(LOAD_MS)
    await enough('logouts and checks after it', () => isUsed(history.entries, mendedMs))
    load.stop()
    await running
    await fleet.settled(MENDED_WITHIN_MS)
    // Every logout that was answered, at every node and every guard.
    await load.finish(40)
    assert.deepEqual(
      fleet.nodes.map(({ child }) => child.url),
      urls,
      'no node was restarted',
    )
    judge(history.entries, crash, mendedMs, t)
  } catch (error) {
    load.stop()
    t.diagnostic(await history.keep(`failover-${String(seed)}`, fleet.logs()))
    throw error
  }
}

/** Resolves when every node has answered a logout that was asked for after a moment. */
async function answersEverywhere(fleet: Fleet, history: History, afterMs: number): Promise<void> {
  const deadlineMs = afterMs + MENDED_WITHIN_MS
  for (;;) {
    const done = history.entries.filter(
      ({ op, outcome, startMs }) => op === 'logout' && outcome === 'done' && startMs > afterMs,
    )
    const missing = fleet.nodes.filter(({ name }) => !done.some(({ at }) => at === name))
    if (missing.length === 0) return
    const names = missing.map(({ name }) => name).join(', ')
    assert.ok(performance.now() < deadlineMs, `no logout after the promotion at ${names}`)
    await sleep(50)
  }
}

const logoutsOf = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(({ op, outcome }) => op === 'logout' && outcome === 'done')

const acceptedOf = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(
    ({ op, at, outcome }) => op === 'use' && at.startsWith('guard') && outcome === 'done',
  )

/** Whether logouts were answered and tokens accepted by guards after a moment. */
function isUsed(entries: readonly Entry[], afterMs: number): boolean {
  const isAfter = ({ startMs }: Entry): boolean => startMs > afterMs
  return logoutsOf(entries).some(isAfter) && acceptedOf(entries).some(isAfter)
}

/** A busy machine needs longer for as much load. */
async function enough(what: string, is: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + MENDED_WITHIN_MS
  while (!is()) {
    assert.ok(performance.now() < deadlineMs, `too few ${what}`)
    await sleep(50)
  }
}

function judge(entries: readonly Entry[], crash: Crash, mendedMs: number, t: TestContext): void {
  const logouts = logoutsOf(entries)
  const before = logouts.filter(({ endMs }) => endMs <= crash.fromMs).length
  const under = entries.filter(({ startMs, endMs }) => startMs < crash.toMs && endMs > crash.fromMs)
  const after = logouts.filter(({ startMs }) => startMs > mendedMs).length
  const guards = acceptedOf(entries).filter(({ startMs }) => startMs > mendedMs).length
  t.diagnostic(
    `logouts answered before the crash: ${String(before)}, after it: ${String(after)}; calls under ` +
      `way at the crash: ${String(under.length)}; accepted by guards afterwards: ${String(guards)}`,
  )
  assert.ok(before > 10 && after > 0 && under.length > 0 && guards > 0)
  assert.deepEqual(check(entries, BOUND_MS).slice(0, 5), [])
}

suite('failover to a synchronous standby', () => {
  for (const way of ['breaks', 'vanishes'] as const) {
    test(`no answered logout is lost, and nodes recover: the primary ${way}`, async (t) => {
      await withDatabase(way, (database) => failOverUnderLoad(database, SEED[way], t))
    })
  }
})
