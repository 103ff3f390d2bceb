/** What goes wrong in a simulated world, and when. All of it follows from the seed. */
import { calmNetwork, type NetworkFaults } from '../../src/testing/simulated-network.ts'
import type { World } from './world.ts'

/** Faults happen until then; afterwards the world is as it should be. */
export const faultsEndMs = 12_000
/** By then all must have recovered. */
export const recoveredMs = 37_000

/** Lets users log out and things go wrong until `faultsEndMs`. */
export function unleash(world: World): void {
  const { random } = world
  logOutLater(world, random.pick([150, 500, 1000, 1500]))
  failLater(world, random.between(100, 1500))
  if (world.options.paired === true) replaceLater(world)
  if (random.chance(0.5)) world.network.faults = badNetwork(world)
  world.time.after(faultsEndMs, () => {
    world.network.faults = calmNetwork
  })
}

function logOutLater(world: World, everyMs: number): void {
  const { time, random, nodes } = world
  time.after(random.between(0, 2 * everyMs), () => {
    if (time.nowMs >= faultsEndMs) return
    random.pick(nodes).logOut()
    logOutLater(world, everyMs)
  })
}

/** Not a fault: an application closes one of its guards, and makes another. */
function replaceLater(world: World): void {
  const { time, random, guards } = world
  time.after(random.between(200, 4000), () => {
    if (time.nowMs >= faultsEndMs) return
    random.pick(guards).replaceOne(random.between(0, 3000))
    replaceLater(world)
  })
}

function failLater(world: World, everyMs: number): void {
  const { time, random } = world
  time.after(random.between(0, 2 * everyMs), () => {
    if (time.nowMs >= faultsEndMs) return
    fail(world)
    failLater(world, everyMs)
  })
}

/** One thing goes wrong. Whatever is stopped goes on before the faults end. */
function fail(world: World): void {
  const { time, random, guards, nodes, network } = world
  const leftMs = faultsEndMs - time.nowMs
  const lasting = (maxMs: number): number => Math.min(random.between(20, maxMs), leftMs)
  const guard = random.pick(guards)
  const node = random.pick(nodes)
  switch (random.below(9)) {
    case 0:
    case 1:
      return guard.pause('stop', lasting(6000))
    case 2:
      return guard.pause('suspend', lasting(6000))
    case 3:
      return guard.restart(lasting(500), random.chance(0.3))
    case 4:
      return node.stop(lasting(2500))
    case 5:
      return node.restart(lasting(1500))
    case 6:
      return guard.process.setWallClock(world.clockStepMs())
    case 7:
      network.faults = random.chance(0.3) ? calmNetwork : badNetwork(world)
      return
    default:
      return network.reset(random.chance(0.7) ? guard.process : node.process)
  }
}

function badNetwork({ random }: World): NetworkFaults {
  const some = (chance: number, most: number): number =>
    random.chance(chance) ? random.between(0, most) : 0
  return {
    delayMs: [0.1, random.pick([2, 20, 150, 600])],
    spike: some(0.5, 0.1),
    spikeMs: random.pick([100, 1000, 4000]),
    cut: some(0.4, 0.05),
    deaf: some(0.3, 0.02),
    lose: some(0.2, 0.05),
    double: some(0.2, 0.05),
    swap: some(0.2, 0.05),
  }
}
