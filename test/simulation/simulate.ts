/** One seed from its beginning to its end. */
import { faultsEndMs, recoveredMs, unleash } from './faults.ts'
import type { Guard } from '../../src/guard/options.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { PoolToken } from '../../src/testing/token-pool.ts'
import type { SimulatedGuard } from './simulated-guard.ts'
import { World, type WorldOptions } from './world.ts'

export type Variant = Partial<Omit<WorldOptions, 'seed' | 'pool'>>

export interface Outcome {
  /** What must never happen and did; empty where all is well. */
  readonly violations: readonly string[]
  readonly counts: World['counts']
}

/** Runs a world with the faults of its seed, then lets it recover, and says what was wrong. */
export async function simulate(
  seed: number,
  pool: WorldOptions['pool'],
  variant: Variant = {},
): Promise<Outcome> {
  const shape = new SeededRandom(seed ^ 0x5eed)
  const world = new World({
    nodes: shape.chance(0.3) ? 2 : 1,
    guards: 1 + shape.below(3),
    paired: shape.chance(0.5),
    ...variant,
    seed,
    pool,
  })
  unleash(world)
  await world.runUntil(faultsEndMs + 1)
  // Long enough for every lease to end that was granted over a connection that is dead by now.
  await world.runUntil(faultsEndMs + 6000)
  await world.runUntil(recoveredMs, () =>
    world.guards.every(({ status }) => status.fresh && status.connected),
  )
  if (world.violations.length === 0) await checkRecovery(world)
  for (const guard of world.guards) {
    world.counts.snapshots += guard.status.counters.snapshots
    guard.close()
  }
  return { violations: world.violations, counts: world.counts }
}

/** Every guard is fresh, refuses what is dead and accepts all else; every logout was answered. */
async function checkRecovery(world: World): Promise<void> {
  // The last entries are on their way for a moment.
  await world.runUntil(world.time.nowMs + 3000)
  for (const { name, status, watched } of world.guards) {
    if (!status.fresh) world.violations.push(`${name} has not recovered`)
    for (const token of watched.filter((one) => world.isDead(one))) {
      world.violations.push(`${name} has not ended ${token.claims.sid}`)
    }
  }
  for (const { entry, confirmed, askedAt } of world.log) {
    // Where the node was killed the caller got an error, and may ask again.
    if (!confirmed && askedAt?.alive) world.violations.push(`${entry.id} was never answered`)
  }
  if (world.violations.length > 0) return
  for (const process of world.guards) {
    for (const guard of process.guards) {
      for (const token of world.tokens) await checkToken(world, process, guard, token)
    }
  }
}

async function checkToken(
  world: World,
  process: SimulatedGuard,
  guard: Guard,
  token: PoolToken,
): Promise<void> {
  const checked = process.check(token, guard)
  let outcome: string | undefined
  void checked.then((result) => {
    outcome = result
  })
  await world.runUntil(world.time.nowMs + 2000, () => outcome !== undefined)
  await checked
  const expected = world.isDead(token) ? 'revoked' : 'accepted'
  if (outcome === expected) return
  world.violations.push(`${process.name} found ${token.claims.sid} ${outcome}, not ${expected}`)
}
