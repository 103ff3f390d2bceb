/** One world from its beginning to its end, and what was measured in it. */
import { percentile } from '../measure.ts'
import { Violation } from './checker.ts'
import { unleash, type FaultCounts } from './faults.ts'
import type { Logout } from './logout.ts'
import type { Parameters } from './parameters.ts'
import type { Tally } from './meter.ts'
import { World, type Flaws } from './world.ts'

/** Milliseconds of simulated time. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Confirmations {
  readonly logouts: number
  /** From the commit in the database on. */
  readonly all: Latency
  /** Until the node that was asked knows of the commit. */
  readonly answer: Latency
  /** From there until its own guards have acknowledged. */
  readonly ownGuards: Latency
  /** From the commit until the last other node has applied it. */
  readonly news: Latency
  /** From there until the last guards of other nodes have acknowledged. */
  readonly otherGuards: Latency
  /** From there until the node that was asked knows. */
  readonly word: Latency
}

export interface Figures {
  readonly parameters: Parameters
  readonly calm: Confirmations
  readonly amidFaults: Confirmations | undefined
  readonly faults: FaultCounts | undefined
  readonly checks: World['checker']['counts']
  /** Messages and bytes by kind, while nothing went wrong. */
  readonly messages: Readonly<Record<string, Tally>>
  /** Entries that every guard was sent meanwhile. */
  readonly entries: number
  readonly calmSeconds: number
  /** Real microseconds for one message of a kind, by who handled it. */
  readonly microseconds: Readonly<Record<string, number>>
  /** Bytes of memory. */
  readonly bytesPerNode: number
  readonly bytesPerGuard: number
  readonly residentBytes: number
  readonly events: number
  readonly realSeconds: number
  /** Seconds that this process computed. */
  readonly cpuSeconds: number
}

/** Guards connect within this time. */
const gatherMs = 1_000
const settleMs = 1_000
/** After the logouts: until the last of them is confirmed, whatever happens. */
const confirmMs = 2_500
/** After the faults: whatever is stopped or slow goes on, and guards that wait connect again. */
const recoverMs = 9_000
/** A status takes as long as twenty frames. */
const statusSample = 5_000
/** Simulated time between two looks at the progress. */
const stepMs = 50

/**
 * Runs a world.
 *
 * @param report Told from time to time how far it is.
 * @throws {Violation} If something happened that must never happen.
 */
export async function simulate(
  parameters: Parameters,
  flaws: Flaws = {},
  report: (text: string) => void = () => undefined,
): Promise<Figures> {
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  const world = await World.make(parameters, flaws)
  const before = heapBytes()
  world.addNodes()
  while (!world.nodes.every((node) => node.ready)) await run(world, stepMs, 'nodes start', report)
  const withNodes = heapBytes()
  const turns = gatherMs / stepMs
  for (let turn = 1; turn <= turns; turn++) {
    const due = Math.round((parameters.guards * turn) / turns)
    world.addGuards(due - world.guards.length)
    await run(world, stepMs, 'guards connect', report)
  }
  await run(world, settleMs, 'guards take their leases', report)
  requireFresh(world, 'at the beginning')
  const withGuards = heapBytes()

  const messagesBefore = world.meter.tallies()
  const logoutsBefore = world.logouts.length
  const calmSeconds = parameters.seconds * (parameters.faults ? 1 : 2)
  logOutFor(world, calmSeconds * 1000)
  await run(world, calmSeconds * 1000, 'logouts, all is well', report)
  const entries = world.logouts.length - logoutsBefore
  const messages = difference(world.meter.tallies(), messagesBefore)

  let faults: FaultCounts | undefined
  if (parameters.faults) {
    const faultsMs = parameters.seconds * 1000
    await run(world, 500, 'logouts end', report)
    world.amidFaults = true
    faults = unleash(world, faultsMs)
    logOutFor(world, faultsMs)
    await run(world, faultsMs, 'logouts amid faults', report)
  }
  await run(world, confirmMs, 'the last confirmations', report)
  const latestMs = world.time.nowMs + recoverMs
  while (hasTrouble(world) && world.time.nowMs < latestMs) {
    await run(world, 500, 'all recover', report)
  }
  await requireRecovery(world)
  const amid = world.logouts.filter(({ amidFaults }) => amidFaults)
  return {
    parameters,
    calm: confirmations(world.logouts.filter(({ amidFaults }) => !amidFaults)),
    amidFaults: amid.length > 0 ? confirmations(amid) : undefined,
    faults,
    checks: world.checker.counts,
    messages: Object.fromEntries(messages),
    entries,
    calmSeconds,
    microseconds: Object.fromEntries(world.meter.microseconds()),
    bytesPerNode: (withNodes - before) / parameters.nodes,
    bytesPerGuard: (withGuards - withNodes) / parameters.guards,
    residentBytes: process.memoryUsage.rss(),
    events: world.time.happened,
    realSeconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: (process.cpuUsage(startedCpu).user + process.cpuUsage(startedCpu).system) / 1e6,
  }
}

async function run(
  world: World,
  forMs: number,
  what: string,
  report: (text: string) => void,
): Promise<void> {
  const { time } = world
  const untilMs = time.nowMs + forMs
  // The clock of the world stands at its last event: the next step is counted from where it was to be.
  for (let atMs = time.nowMs; atMs < untilMs;) {
    atMs = Math.min(untilMs, atMs + stepMs)
    await world.runUntil(atMs)
    report(`${(atMs / 1000).toFixed(2)} s of simulated time, ${what}`)
  }
}

/** Users log out at random moments, as often as the parameters say. */
function logOutFor(world: World, forMs: number): void {
  const { time, random, parameters } = world
  const untilMs = time.nowMs + forMs
  const later = (): void => {
    time.after(random.between(0, 2_000 / parameters.rate), () => {
      if (time.nowMs >= untilMs) return
      world.logOut()
      later()
    })
  }
  later()
}

/** Whether a client that was disturbed is not as before. */
function hasTrouble({ nodes, everTroubled }: World): boolean {
  return !nodes.every((node) => node.ready) || ![...everTroubled].every((guard) => guard.isWell)
}

/** Of some thousand guards, and of all to which something has happened. */
function requireFresh({ guards, random, everTroubled }: World, when: string): void {
  const some = guards.length <= statusSample ? guards : takeSome(guards, random)
  const asked = new Set([...some, ...everTroubled])
  const stale = [...asked].filter(({ guard }) => !guard.status().fresh).length
  if (stale > 0) throw new Violation(`${stale} guards hold no lease ${when}`)
}

function takeSome<T>(all: readonly T[], random: World['random']): readonly T[] {
  return Array.from({ length: statusSample }, () => random.pick(all))
}

/** Every guard is fresh again, every logout was answered, and the right tokens are refused. */
async function requireRecovery(world: World): Promise<void> {
  requireFresh(world, 'after everything was mended')
  for (const { committedMs, confirmedMs, askedAt } of world.logouts) {
    // Where the node was killed the caller got an error, and may ask again.
    if (askedAt?.alive !== true) continue
    if (committedMs === undefined) throw new Violation('a logout was never committed')
    if (confirmedMs === undefined) throw new Violation('a logout was never answered')
  }
  const { accepted } = world.checker.counts
  const token = world.freshToken()
  if (!token) throw new Violation('no token is left that was not logged out')
  const asked = Math.min(world.guards.length, 500)
  for (let left = asked; left > 0; left--) {
    world.checker.check(world.random.pick(world.guards), token)
  }
  await world.runUntil(world.time.nowMs + 100)
  await new Promise((resolve) => setImmediate(resolve))
  world.checker.complain()
  const missed = asked - (world.checker.counts.accepted - accepted)
  if (missed > 0) throw new Violation(`${missed} guards did not accept a good token at the end`)
}

function confirmations(logouts: readonly Logout[]): Confirmations {
  const all = logouts.filter(({ confirmedMs }) => confirmedMs !== undefined)
  const between = (
    from: (logout: Logout) => number | undefined,
    to: (logout: Logout) => number | undefined,
  ): Latency =>
    latency(
      all.flatMap((logout) => {
        const [fromMs, toMs] = [from(logout), to(logout)]
        return fromMs === undefined || toMs === undefined ? [] : [Math.max(0, toMs - fromMs)]
      }),
    )
  return {
    logouts: all.length,
    all: between(
      (logout) => logout.committedMs,
      (logout) => logout.confirmedMs,
    ),
    answer: between(
      (logout) => logout.committedMs,
      (logout) => logout.answeredMs,
    ),
    ownGuards: between(
      (logout) => logout.answeredMs,
      (logout) => logout.ownGuardsMs,
    ),
    news: between(
      (logout) => logout.committedMs,
      (logout) => logout.newsMs,
    ),
    otherGuards: between(
      (logout) => logout.newsMs,
      (logout) => logout.otherGuardsMs,
    ),
    word: between(
      (logout) => logout.otherGuardsMs,
      (logout) => logout.confirmedMs,
    ),
  }
}

function latency(milliseconds: readonly number[]): Latency {
  return {
    p50: percentile(milliseconds, 50),
    p99: percentile(milliseconds, 99),
    max: percentile(milliseconds, 100),
  }
}

function difference(
  after: ReadonlyMap<string, Tally>,
  before: ReadonlyMap<string, Tally>,
): ReadonlyMap<string, Tally> {
  return new Map(
    [...after].map(([kind, { messages, bytes }]) => {
      const earlier = before.get(kind) ?? { messages: 0, bytes: 0 }
      return [kind, { messages: messages - earlier.messages, bytes: bytes - earlier.bytes }]
    }),
  )
}

/** What lives, in bytes; exact only where the collector can be called. */
function heapBytes(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
