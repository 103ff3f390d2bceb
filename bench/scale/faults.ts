/** What goes wrong in a simulated world, and when. All of it follows from the seed. */
import type { SimulatedGuard } from './guard.ts'
import type { World } from './world.ts'

/** How long a client counts as troubled after the trouble began. */
const troubledMs = 6_000

export interface FaultCounts {
  kills: number
  frozen: number
  slow: number
  regionsCut: number
}

/** Lets things go wrong for a while from now on. Whatever is broken is mended by itself. */
export function unleash(world: World, forMs: number): FaultCounts {
  const { time, random, nodes, guards, geography } = world
  const counts: FaultCounts = { kills: 0, frozen: 0, slow: 0, regionsCut: 0 }
  const sometime = (act: () => void): void => {
    time.after(random.between(0, forMs), act)
  }
  for (let left = Math.max(1, nodes.length / 25); left > 0; left--) {
    sometime(() => {
      const node = random.pick(nodes)
      if (!node.ready) return
      counts.kills++
      node.restart(random.between(200, 2_000))
    })
  }
  // A machine on which several guards run.
  for (let left = Math.max(4, guards.length / 1_000); left > 0; left--) {
    sometime(() => {
      for (const guard of few(world)) {
        counts.frozen++
        guard.freeze(random.between(100, 3_000))
      }
    })
    sometime(() => {
      for (const guard of few(world)) {
        counts.slow++
        guard.slowDown(random.between(500, 2_500), random.between(1_000, 2_500))
      }
    })
  }
  if (geography.regions > 1) {
    time.after(forMs * 0.3, () => {
      counts.regionsCut++
      const region = random.between(1, geography.regions)
      const cutMs = Math.min(4_000, forMs * 0.6)
      geography.cutOff(Math.floor(region), cutMs)
      for (const guard of guards) {
        if (guard.region === Math.floor(region) && random.chance(0.02)) trouble(world, guard)
      }
    })
  }
  return counts
}

function few(world: World): readonly SimulatedGuard[] {
  const { random, guards } = world
  const chosen = Array.from({ length: 1 + random.below(10) }, () => random.pick(guards))
  for (const guard of chosen) trouble(world, guard)
  return chosen
}

function trouble({ time, troubled, everTroubled }: World, guard: SimulatedGuard): void {
  troubled.add(guard)
  everTroubled.add(guard)
  time.after(troubledMs, () => {
    troubled.delete(guard)
  })
}
