/** One seed from its beginning to its end. */
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { checkDeliveries } from './deliveries.ts'
import { unleash } from './faults.ts'
import type { Issued } from './truth.ts'
import { answeredWithinMs, World, type FleetOptions } from './world.ts'

/** Tokens that every verifier is asked about in the end. */
const maxAsked = 40

export type FleetVariant = Partial<Omit<FleetOptions, 'seed'>>

export interface FleetOutcome {
  /** What must never happen and did; empty where all is well. */
  readonly violations: readonly string[]
  readonly counts: World['truth']['counts']
}

/** Runs a fleet with the faults of its seed, then lets it recover, and says what was wrong. */
export async function simulateFleet(
  seed: number,
  variant: FleetVariant = {},
): Promise<FleetOutcome> {
  const shape = new SeededRandom(seed ^ 0xf1ee7)
  const world = await World.make({
    servers: shape.pick([1, 1, 2, 3]),
    guards: 1 + shape.below(3),
    retries: true,
    wrongClocks: shape.chance(0.5),
    weeks: shape.chance(0.4),
    restores: shape.chance(0.3),
    outage: shape.chance(0.3),
    ...variant,
    seed,
  })
  try {
    await unleash(world)
    const { truth } = world
    if (truth.violations.length === 0) await checkRecovery(world)
    if (truth.violations.length === 0) await checkDeliveries(world)
    return { violations: truth.violations, counts: truth.counts }
  } finally {
    world.close()
  }
}

/** All is mended: every verifier is sure of every token, and every session goes on that may. */
async function checkRecovery(world: World): Promise<void> {
  const { truth, guards, servers, people } = world
  for (const { machine, isFresh } of guards) {
    if (!isFresh) truth.complain(`${machine.name} has not recovered`)
  }
  const nowMs = world.time.nowMs
  for (const { what, process, atMs } of people.logouts.waiting) {
    if (process.alive && nowMs - atMs > answeredWithinMs)
      truth.complain(`${process.name} never answered about ${what}`)
  }
  for (const one of truth.issued.slice(-maxAsked)) {
    for (const guard of guards) await judge(world, guard.machine.name, one, guard.check(one))
    for (const server of servers) await judge(world, server.name, one, people.check(server, one))
  }
  for (const one of people.refreshable.slice()) {
    const server = world.pickServer()
    if (server) await world.answered(people.refresh(server, one))
  }
}

async function judge(
  world: World,
  who: string,
  one: Issued,
  checked: Promise<string | undefined>,
): Promise<void> {
  const { truth } = world
  const said = await world.answered(checked)
  if (said === undefined || said === 'stale')
    truth.complain(`${who} is not sure of ${one.claims.jti}`)
}
