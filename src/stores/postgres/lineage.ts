/**
 * Noticing that the database was set back: a failover to a standby that lagged, a recovery to an
 * earlier point. What a node knows of the ends of all streams is held against every reading of
 * them.
 *
 * The log of such a database is another one. A node that died gives out numbers a second time when
 * it starts again on it, and this node, which has read entries of these numbers, would take them
 * for read: it would confirm, and accept what they end. So whoever has seen an end that is gone
 * reads no further, renews no lease and stops for good.
 */
import type { Position, Revocation } from '../../domain/revocation.ts'
import type { StreamEnd } from './streams.ts'
import { unavailable } from '../unavailable.ts'

/** What is known of a stream. Transactions are counted of the own one alone, elsewhere it is 0. */
type Known = Omit<StreamEnd, 'name'>

/** Why a node stops that finds less in the database than was committed. */
export const LOST = 'the database has lost transactions that it had committed'

export class Lineage {
  readonly #known = new Map<string, Known>()
  readonly #onLost: () => void
  #isLost = false

  /** @param onLost Called when an end that was known is not found any more, once or more often. */
  constructor(onLost: () => void) {
    this.#onLost = onLost
  }

  /** What was committed by this node, or read to its end. What comes late changes nothing. */
  note(stream: string, end: Known): void {
    const known = this.#known.get(stream)
    if (known === undefined || end.head >= known.head) {
      this.#known.set(stream, { ...end, batch: Math.max(end.batch, known?.batch ?? 0) })
    }
  }

  /**
   * Reads how far every stream has come.
   *
   * @throws {Refusal} `store_unavailable` where the database was set back.
   */
  async read(ends: () => Promise<readonly StreamEnd[]>): Promise<Position> {
    // Of before the question: what is noted meanwhile may be younger than the answer.
    const known = new Map(this.#known)
    const found = new Map((await ends()).map((end) => [end.name, end]))
    // For good: once it has grown beyond what was known, the log that is gone does not show.
    if (this.#isLost) this.#lose()
    for (const [stream, { head, hash, batch }] of known) {
      const end = found.get(stream)
      const isThere = end !== undefined && end.batch >= batch && end.head >= head
      if (!isThere || (end.head === head && end.hash !== hash)) this.#lose()
    }
    return new Map([...found.values()].map(({ name, head }) => [name, head]))
  }

  /**
   * Notes entries that were read behind the end of a stream as it is known.
   *
   * @throws {Refusal} `store_unavailable` where they follow another entry than the one that is
   *   known.
   */
  follow(stream: string, entries: readonly Revocation[]): void {
    const [first] = entries
    const last = entries.at(-1)
    if (first === undefined || last === undefined) return
    const known = this.#known.get(stream)
    // Where some were cut in between, the reader says so.
    if (first.sequence !== (known?.head ?? 0) + 1) return
    if (first.previousHash !== (known?.hash ?? '')) this.#lose()
    this.note(stream, { head: last.sequence, hash: last.hash, batch: 0 })
  }

  #lose(): never {
    this.#isLost = true
    this.#onLost()
    throw unavailable(LOST)
  }
}
