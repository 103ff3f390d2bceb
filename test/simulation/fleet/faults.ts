/** What goes wrong in a simulated fleet, and when. All of it follows from the seed. */
import { calmNetwork, type NetworkFaults } from '../../../src/testing/simulated-network.ts'
import type { World } from './world.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** How long people and faults are at work between two times in which nothing happens. */
const busyMs = 5000
/** Until all have recovered. */
const recoveryMs = 7000

/** By how much a wall clock is wrong: a wrong time zone, a battery, a wrong year. */
const wrongByMs = [
  -400 * dayMs,
  -3 * dayMs,
  -hourMs,
  -30_000,
  30_000,
  2 * hourMs,
  12 * dayMs,
  400 * dayMs,
]

/** For so long a database that may lack logouts waits for leases that it does not know of. */
const unknownLeasesMs = 70_000

/** Runs a world with its faults, and lets it recover. */
export async function unleash(world: World): Promise<void> {
  const phases = world.options.weeks ? 3 : 2
  for (let phase = 0; phase < phases; phase++) {
    const endMs = world.time.nowMs + busyMs
    world.troubledUntilMs = endMs
    world.people.begin(endMs, 70)
    failLater(world, endMs)
    if (world.options.outage && phase === 0) goAway(world)
    await world.runUntil(endMs)
    if (phase + 1 < phases && world.options.weeks) await passDays(world)
  }
  world.network.faults = calmNetwork
  for (const machine of world.machines) machine.setClock()
  await world.runUntil(world.time.nowMs + recoveryMs)
  // A server that was down a moment ago may have come back with a backup meanwhile.
  if (world.backups.isRestored) await world.runUntil(world.time.nowMs + unknownLeasesMs)
}

/** A relying party hangs from some moment on. */
function goAway({ time, random, relyingParties }: World): void {
  time.after(random.between(0, busyMs), () => {
    relyingParties.awayUntilMs = Infinity
  })
}

/** No caller comes for days: every process is idle, stopped or down, and its clocks go on. */
async function passDays(world: World): Promise<void> {
  const { random, time, servers, guards } = world
  // What was stopped goes on before: none may wake while all others sleep.
  await world.runUntil(time.nowMs + 1)
  const forMs = random.pick([2 * hourMs, dayMs, 5 * dayMs, 11 * dayMs, 11 * dayMs])
  const endMs = time.nowMs + forMs
  world.quietUntilMs = endMs
  // Three days of a clock that is wrong are believed by a server that is alone: not so long. Some
  // come back with another time.
  for (const machine of world.machines) machine.setClock()
  if (world.options.wrongClocks && random.chance(0.5)) {
    const { machine } = random.pick(servers)
    time.after(forMs - random.between(1, hourMs), () => {
      machine.setClock(random.pick(wrongByMs))
    })
  }
  for (const one of [...servers, ...guards]) {
    random.pick([
      () => one.kill(forMs),
      () => one.machine.freeze(forMs),
      () => one.machine.idle(forMs),
    ])()
  }
  // Sums of many short times are not exact: a process that sleeps until then may wake a little later.
  await world.runUntil(endMs + 1)
}

function failLater(world: World, endMs: number): void {
  const { time, random } = world
  time.after(random.between(50, 1500), () => {
    if (time.nowMs >= endMs) return
    fail(world, endMs - time.nowMs)
    failLater(world, endMs)
  })
}

function fail(world: World, leftMs: number): void {
  const { random, network, database, time } = world
  const lasting = (maxMs: number): number => Math.min(random.between(20, maxMs), leftMs)
  const server = random.pick(world.servers)
  const guard = random.pick(world.guards)
  if (world.options.wrongClocks && random.chance(0.4)) return setClock(world)
  if (world.options.restores && world.alone && random.chance(0.25)) return restore(world)
  switch (random.below(8)) {
    case 0:
      return server.kill(lasting(800))
    case 1:
      return server.stop(lasting(500))
    case 2:
      return server.machine.freeze(lasting(3000))
    case 3:
      return guard.machine.freeze(lasting(3000))
    case 4:
      return guard.kill(lasting(500))
    case 5:
      database.awayUntilMs = time.nowMs + lasting(2500)
      return
    case 6:
      return network.reset(random.pick(world.machines).process)
    default:
      network.faults = random.chance(0.3) ? calmNetwork : slowNetwork(world)
  }
}

/** A wall clock is set wrong, or right. */
function setClock({ random, machines }: World): void {
  const wrong = machines.filter(({ isRight }) => !isRight)
  if (wrong.length > 0 && random.chance(0.6)) return random.pick(wrong).setClock()
  random.pick(machines).setClock(random.pick(wrongByMs))
}

/** A backup is made, or the last one is put in the place of the database. */
function restore({ random, backups, servers }: World): void {
  if (!backups.isMade || random.chance(0.5)) return backups.make()
  servers[0]?.kill(random.between(20, 500), () => {
    backups.restore(random.chance(0.3))
  })
}

function slowNetwork({ random }: World): NetworkFaults {
  return {
    ...calmNetwork,
    delayMs: [0.1, random.pick([2, 50, 300, 900])],
    spike: random.chance(0.5) ? 0.05 : 0,
    spikeMs: random.pick([300, 1500]),
    cut: random.chance(0.3) ? 0.02 : 0,
  }
}
