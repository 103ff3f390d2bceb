/**
 * A receiver that must hear of every client's part in a session that ended: what it was told, how
 * it misbehaves while things go wrong, and what it was owed.
 */
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Delivery } from '../../../src/domain/delivery.ts'
import type { Receiver, SendOutcome } from '../../../src/ports/delivery.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { Outsider } from './deliveries.ts'
import { endedInTime, partOf } from './truth.ts'
import type { World } from './world.ts'

/** A message that was taken. */
interface Told {
  readonly id: string
  readonly revocationId: string
  readonly part: string
}

/** The dialects whose sessions concern it. */
const concerned: readonly string[] = ['octopus', 'matar']

export class Provider implements Outsider {
  readonly name = 'the provider'
  readonly told: Told[] = []
  readonly #toldOf = new Set<string>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** What one process sends messages by. */
  receiver(process: SimulatedProcess): Receiver {
    return {
      kind: 'provider',
      dialects: concerned,
      owes: ({ entry, session }) => ({
        name: 'one',
        subject: session.subjectId,
        about: partOf(session),
        facts: { part: partOf(session), revocationId: entry.id },
      }),
      send: ({ id, facts }, signal) =>
        this.#take(process, { id, ...(facts as Omit<Told, 'id'>) }, signal),
    }
  }

  owed(entries: readonly Revocation[]): readonly string[] {
    const owed = endedInTime(this.#world.truth, entries)
      .filter(({ claims }) => concerned.includes(String(claims['dialect'])))
      .map(({ part }) => part)
    return [...new Set(owed)]
  }

  isSettled(part: string): boolean {
    return this.#toldOf.has(part)
  }

  complaints(): readonly string[] {
    const { truth, options } = this.#world
    const issued = new Map(truth.issued.map((one) => [one.part, one]))
    const complaints: string[] = []
    for (const [part, told] of Map.groupBy(this.told, (one) => one.part)) {
      const one = issued.get(part)
      if (one !== undefined && !truth.mayHaveEnded(one))
        complaints.push(`told of ${part}, which lives`)
      // What was planned before a backup was restored may be planned once more because of another
      // entry that ended the session as well.
      const about = options.restores ? ({ revocationId }: Told) => revocationId : () => ''
      for (const same of Map.groupBy(told, about).values()) {
        const ids = new Set(same.map(({ id }) => id))
        if (ids.size > 1) complaints.push(`told of the end of ${part} under ${ids.size} ids`)
      }
    }
    return complaints.map((complaint) => `${this.name} was ${complaint}`)
  }

  /** @param planned In their order; what is settled for long is not among them any more. */
  complaintsAboutOrder(planned: readonly Delivery[]): readonly string[] {
    const places = new Map(planned.map(({ id }, place) => [id, place]))
    const subjects = new Map(this.#world.truth.issued.map((one) => [one.part, one.claims.sub]))
    const firsts = new Set<string>()
    const inOrder = this.told.filter(({ id, part }) => {
      const isFirst = places.has(id) && subjects.has(part) && !firsts.has(id)
      firsts.add(id)
      return isFirst
    })
    const complaints: string[] = []
    for (const [subject, told] of Map.groupBy(inOrder, ({ part }) => subjects.get(part))) {
      const order = told.map(({ id }) => places.get(id) ?? 0)
      if (order.some((place, at) => place < (order[at - 1] ?? 0)))
        complaints.push(`${this.name} was told in the wrong order of ${subject}`)
    }
    return complaints
  }

  #take(process: SimulatedProcess, told: Told, signal: AbortSignal): Promise<SendOutcome> {
    const { time, random, isTroubled } = this.#world
    const how = isTroubled ? random.pick(['takes', 'takes', 'is lost', 'fails', 'hangs']) : 'takes'
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    signal.addEventListener('abort', () => {
      resolve({ kind: 'again', error: 'it did not answer in time' })
    })
    time.after(random.between(0.5, 300), () => {
      if (how === 'takes' || how === 'is lost') {
        this.told.push(told)
        this.#toldOf.add(told.part)
      }
      if (how === 'is lost' || how === 'hangs') return
      process.run(() => {
        resolve(
          how === 'takes' ? { kind: 'delivered' } : { kind: 'again', error: 'it answered 503' },
        )
      })
    })
    return promise
  }
}
