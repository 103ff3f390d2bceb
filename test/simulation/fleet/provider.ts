/**
 * Somebody outside who must hear of every client's part in a session that ended: what it was told,
 * how it misbehaves while things go wrong, and what it was owed.
 */
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Receiver, SendOutcome } from '../../../src/ports/delivery.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { ends } from '../../../src/testing/token-pool.ts'
import { partOf, type Issued } from './truth.ts'
import type { World } from './world.ts'

/** A message that was taken. */
interface Told {
  readonly id: string
  readonly revocationId: string
  readonly part: string
}

/** The dialects whose sessions concern it. */
const concerned: readonly string[] = ['octopus', 'matar']

export class Provider {
  readonly told: Told[] = []
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

  /** What ended and of which it was not told. */
  missing(entries: readonly Revocation[]): readonly string[] {
    const told = new Set(this.told.map(({ part }) => part))
    return [...this.#owed(entries)].filter((part) => !told.has(part))
  }

  /** What must not have happened, once all is mended and it had time to hear of everything. */
  complaints(entries: readonly Revocation[]): readonly string[] {
    const { truth, options } = this.#world
    const byPart = Map.groupBy(this.told, ({ part }) => part)
    const issued = new Map(truth.issued.map((one) => [one.part, one]))
    const complaints = this.missing(entries).map((part) => `never told of the end of ${part}`)
    for (const [part, told] of byPart) {
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
    return complaints.map((complaint) => `the provider was ${complaint}`)
  }

  /** What concerns it and what an entry ended before they expired. */
  #owed(entries: readonly Revocation[]): ReadonlySet<string> {
    const { truth } = this.#world
    const wide = entries.filter(({ scope }) => scope !== 'token')
    const isOwed = (one: Issued): boolean => {
      const ending = wide.filter((entry) => ends(entry, one.claims))
      const lasted = ending.some((entry) => truth.lasted(one, entry))
      return lasted && !truth.isLost(one)
    }
    const theirs = truth.issued.filter(({ claims }) =>
      concerned.includes(String(claims['dialect'])),
    )
    return new Set(theirs.filter(isOwed).map(({ part }) => part))
  }

  #take(process: SimulatedProcess, told: Told, signal: AbortSignal): Promise<SendOutcome> {
    const { time, random, isTroubled } = this.#world
    const how = isTroubled ? random.pick(['takes', 'takes', 'is lost', 'fails', 'hangs']) : 'takes'
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    signal.addEventListener('abort', () => {
      resolve({ kind: 'again', error: 'it did not answer in time' })
    })
    time.after(random.between(0.5, 300), () => {
      if (how === 'takes' || how === 'is lost') this.told.push(told)
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
