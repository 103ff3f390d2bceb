import type { Revocation } from '../domain/revocation.ts'
import type { Session } from '../domain/session.ts'
import type { DeliveryCursor, EndedSession, Ends } from '../ports/delivery.ts'

/** One step of what is planned, from a cursor on, while a store reads it entry by entry. */
export class EndsStep {
  readonly #head: number
  readonly #limit: number
  readonly #start: DeliveryCursor
  readonly #raised: EndedSession[] = []
  #reached: DeliveryCursor
  #left: number

  /** @param head Number of the stream's last entry. */
  constructor({ stream, sequence, sessionNumber }: DeliveryCursor, head: number, limit: number) {
    this.#head = head
    this.#limit = limit
    this.#start = { stream, sequence, sessionNumber }
    this.#reached = { stream, sequence: Math.min(head, sequence + limit), sessionNumber: 0 }
    this.#left = limit
  }

  /** Number of the last entry that the step reads. */
  get last(): number {
    return this.#reached.sequence
  }

  /** Which page of an entry's sessions comes next: those behind a number, and how many at most. */
  pageOf({ sequence }: Revocation): { readonly after: number; readonly limit: number } {
    const isPartlyPlanned = sequence === this.#start.sequence + 1
    return { after: isPartlyPlanned ? this.#start.sessionNumber : 0, limit: this.#left }
  }

  /** @returns Whether the step is full: then it ends with this page. */
  add(entry: Revocation, { sessions, looked, next }: RaisedPage): boolean {
    this.#raised.push(...sessions.map((session) => ({ entry, session })))
    this.#left -= looked
    if (next === undefined && this.#left > 0) return false
    const sequence = next === undefined ? entry.sequence : entry.sequence - 1
    this.#reached = { ...this.#reached, sequence, sessionNumber: next ?? 0 }
    return true
  }

  /**
   * The step with what ended by its name. Where there may be more of these than were read, the step
   * goes no further than they do.
   *
   * @param named Up to entry `last`, in the order of the entries, and then of their numbers; at
   *   most as many as the limit.
   */
  with(named: readonly NamedEnd[]): Pick<Ends, 'ended' | 'reached' | 'hasMore'> {
    const last = named.length === this.#limit ? named.at(-1) : undefined
    const reached =
      last === undefined
        ? this.#reached
        : { ...this.#reached, sequence: last.entry.sequence - 1, sessionNumber: last.number }
    const raised =
      last === undefined
        ? this.#raised
        : this.#raised.filter(({ entry }) => entry.sequence <= reached.sequence)
    const ended = [...raised, ...named.map(({ entry, session }) => ({ entry, session }))]
    const hasMore = reached.sequence < this.#head
    return { ended: ended.toSorted(byEntry), reached, hasMore }
  }
}

/** What ended by its name, with the store's number of it. */
export interface NamedEnd extends EndedSession {
  readonly number: number
}

/** One page of the sessions whose counter an entry raised. */
export interface RaisedPage {
  readonly sessions: readonly Session[]
  /** Rows that were looked at, found or not. */
  readonly looked: number
  /** Number of the session behind which the next page begins; undefined after the last page. */
  readonly next: number | undefined
}

function byEntry(one: EndedSession, other: EndedSession): number {
  return one.entry.sequence - other.entry.sequence
}
