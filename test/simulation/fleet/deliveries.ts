/**
 * What is checked of deliveries once nothing is wrong any more: others are told of every end and of
 * nothing else, in order, under one id, whatever one of them does; what was refused is given up
 * with its reason, and told when an operator has it tried again.
 */
import type { Delivery } from '../../../src/domain/delivery.ts'
import type { Revocation } from '../../../src/domain/revocation.ts'
import { oauth } from './dialects.ts'
import type { SimulatedServer } from './server.ts'
import type { World } from './world.ts'

/** A system outside that is told of what ended. */
export interface Outsider {
  readonly name: string
  /** What it has to hear of because of these entries. */
  owed(entries: readonly Revocation[]): readonly string[]
  /** Whether it has heard of it, or has refused to. */
  isSettled(name: string): boolean
  /** What it has heard of and should not have, or in the wrong way. */
  complaints(): readonly string[]
}

const hourMs = 3_600_000
/** What was sent is settled, or a claim and every pause ends. */
const deliveredMs = 90_000
/** A due time that is further ahead counts as past: what a wrong clock has put off. */
const putOffMs = 2 * hourMs + 60_000

export async function checkDeliveries(world: World): Promise<void> {
  const { truth, relyingParties, provider, outsiders } = world
  if (world.options.outage) {
    await checkPatience(world)
    relyingParties.awayUntilMs = world.time.nowMs + hourMs
  }
  await deliverAll(world)
  for (const complaint of relyingParties.complaintsAbout(deadOf(world))) truth.complain(complaint)
  await retryByHand(world)
  const entries = world.database.log()
  for (const outsider of outsiders) {
    const missing = outsider.owed(entries).filter((name) => !outsider.isSettled(name))
    for (const name of missing) truth.complain(`${outsider.name} was never told of ${name}`)
    for (const complaint of outsider.complaints()) truth.complain(complaint)
  }
  // Where an older database has taken the place, what is planned anew has a new place as well.
  if (!world.options.restores) {
    for (const complaint of provider.complaintsAboutOrder(deliveriesOf(world)))
      truth.complain(complaint)
  }
  truth.counts.told = provider.told.length + relyingParties.heardAtMs.size
}

/** Sessions at one that hangs: more than are on their way to it at once. */
const sessions = 12
/** Planned, sent and taken, twice as many as are on their way at once. */
const patienceMs = 3000

/** A relying party that hangs keeps no other waiting. */
async function checkPatience(world: World): Promise<void> {
  const { truth, people, relyingParties, time } = world
  const [away, other] = oauth.clients
  relyingParties.awayUntilMs = Infinity
  const server = world.pickServer()
  if (server === undefined || other === undefined) return
  const opened = await world.answered(
    Promise.all(Array.from({ length: sessions }, () => people.logInAtAll(server, [away, other]))),
  )
  const first = opened?.[0]
  if (first === undefined) return truth.complain(`${server.name} lets no person in`)
  const ended = await world.answered(people.logouts.endSubject(server, first))
  if (ended !== true) return truth.complain(`${server.name} ends nothing`)
  const names = opened?.map(({ claims }) => `${other.id} ${claims.sid}`) ?? []
  const isHeard = (): boolean => names.every((name) => relyingParties.heardAtMs.has(name))
  await world.runUntil(time.nowMs + patienceMs, isHeard)
  if (!isHeard()) truth.complain(`${other.id} was kept waiting by ${away.id}`)
  if (!world.alone) await outlastClaims(world, server)
}

/** Longer than a claim, and than a try at a receiver that hangs. */
const stoppedMs = 65_000
const takenOverMs = 12_000

/** A server is stopped while it sends, until others have taken over; then it goes on. */
async function outlastClaims(world: World, { machine }: SimulatedServer): Promise<void> {
  for (const guard of world.guards) guard.machine.freeze(stoppedMs + takenOverMs)
  machine.freeze(stoppedMs)
  await world.runUntil(world.time.nowMs + stoppedMs + takenOverMs)
}

/** Gives servers the time that they have to tell every receiver. */
async function deliverAll(world: World): Promise<void> {
  const { time, machines, outsiders } = world
  const entries = world.database.log()
  let left = outsiders.flatMap((outsider) =>
    outsider.owed(entries).map((name) => ({ outsider, name })),
  )
  const isDone = (): boolean => {
    left = left.filter(({ outsider, name }) => !outsider.isSettled(name))
    return left.length === 0
  }
  await world.runUntil(time.nowMs + 5000, isDone)
  if (isDone()) return
  for (const machine of machines) machine.idle(putOffMs)
  // Each wakes a moment later than it was to.
  await world.runUntil(time.nowMs + putOffMs + 1000)
  await world.runUntil(time.nowMs + deliveredMs, isDone)
}

/** An operator has everything tried again that was given up. */
async function retryByHand(world: World): Promise<void> {
  const { relyingParties } = world
  const dead = deadOf(world)
  if (dead.length === 0) return
  relyingParties.reconsider()
  const core = world.pickServer()?.core
  for (const { id } of dead) {
    if (core !== undefined) await world.answered(core.retryDelivery(id))
  }
  await deliverAll(world)
}

function deadOf(world: World): readonly Delivery[] {
  return deliveriesOf(world).filter(({ state }) => state === 'dead')
}

/** In the order in which they were planned. */
function deliveriesOf({ database }: World): readonly Delivery[] {
  const page = { limit: 1000, cursor: undefined }
  return database.list('listDeliveries', {}, page).items.toReversed()
}
