/**
 * Somebody outside who must hear of every session that ended: what it was told, how it misbehaves
 * while things go wrong, and what it was owed.
 */
import type { Revocation } from '../../../src/domain/revocation.ts'
import type { Receiver, SendOutcome } from '../../../src/ports/delivery.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { ends } from '../../../src/testing/token-pool.ts'
import type { Issued } from './truth.ts'
import type { World } from './world.ts'

/** A message that was taken. */
interface Told {
  readonly id: string
  readonly revocationId: string
  readonly sid: string
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
      owes: ({ entry, session: { sid, subjectId } }) => ({
        name: 'one',
        subject: subjectId,
        about: sid,
        facts: { sid, revocationId: entry.id },
      }),
      send: ({ id, facts }, signal) =>
        this.#take(process, { id, ...(facts as Omit<Told, 'id'>) }, signal),
    }
  }

  /** Sessions that ended and of which it was not told. */
  missing(entries: readonly Revocation[]): readonly string[] {
    const told = new Set(this.told.map(({ sid }) => sid))
    return [...this.#owed(entries)].filter((sid) => !told.has(sid))
  }

  /** What must not have happened, once all is mended and it had time to hear of everything. */
  complaints(entries: readonly Revocation[]): readonly string[] {
    const { truth, options } = this.#world
    const bySid = Map.groupBy(this.told, ({ sid }) => sid)
    const issued = new Map(truth.issued.map((one) => [one.claims.sid, one]))
    const complaints = this.missing(entries).map((sid) => `never told of the end of ${sid}`)
    for (const [sid, told] of bySid) {
      const one = issued.get(sid)
      if (one !== undefined && !truth.mayHaveEnded(one))
        complaints.push(`told of ${sid}, which lives`)
      // What was planned before a backup was restored may be planned once more because of another
      // entry that ended the session as well.
      const about = options.restores ? ({ revocationId }: Told) => revocationId : () => ''
      for (const same of Map.groupBy(told, about).values()) {
        const ids = new Set(same.map(({ id }) => id))
        if (ids.size > 1) complaints.push(`told of the end of ${sid} under ${ids.size} ids`)
      }
    }
    return complaints.map((complaint) => `the provider was ${complaint}`)
  }

  /** The sessions that concern it and that an entry ended before they expired. */
  #owed(entries: readonly Revocation[]): ReadonlySet<string> {
    const { truth } = this.#world
    const wide = entries.filter(({ scope }) => scope !== 'token')
    const isOwed = (one: Issued): boolean => {
      const ending = wide.filter((entry) => ends(entry, one.claims))
      const lived = ending.every(({ atMs }) => atMs <= one.sessionEndsMs)
      return ending.length > 0 && lived && !truth.isLost(one)
    }
    const theirs = truth.issued.filter(({ claims }) =>
      concerned.includes(String(claims['dialect'])),
    )
    return new Set(theirs.filter(isOwed).map(({ claims }) => claims.sid))
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
