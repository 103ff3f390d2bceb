/**
 * A whole database on its way to another one, of the same kind or not: the two ends that a store
 * offers for it. Not part of the port, because no verb of the core has a use for it, and because
 * both ends need a database that nobody serves.
 */
import { hash } from 'node:crypto'
import { chainStart, followChain, type ChainLink } from '../../domain/chain.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { Counts, Row, TableName } from './tables.ts'

export interface TransferSource {
  /** Rows of each table, as `rows` gives them. */
  readonly counts: Counts
  /** The rows of a table in the order that `tables.ts` describes, some at a time. */
  rows(table: TableName): AsyncIterable<readonly Row[]>
  close(): Promise<void>
}

export interface TransferTarget {
  /** Adds rows; tables in their order, rows in the order of the source. */
  write(table: TableName, rows: readonly Row[]): Promise<void>
  /** Verifies what was written and makes all of it durable at once. Nothing is kept if it rejects. */
  finish(): Promise<void>
  /** Forgets everything. After `finish` it does nothing. */
  abort(): Promise<void>
}

/** Follows the chain of one stream after another, as entries are read back. */
export class ChainVerifier {
  readonly #heads = new Map<string, ChainLink>()

  /**
   * @param entries Of one stream, in order.
   * @throws {Error} Where an entry is not what was written, or one is missing.
   */
  follow(stream: string, entries: readonly Revocation[]): void {
    const before = this.#heads.get(stream) ?? chainStart
    const check = followChain(before, entries, (text) => hash('sha256', text, 'base64url'))
    if (check.kind === 'broken') {
      const { sequence, problem } = check
      throw new Error(`entry ${String(sequence)} of stream ${stream} of the log: ${problem}`)
    }
    this.#heads.set(stream, check.last)
  }

  /** The last link of every stream that was followed. */
  get heads(): ReadonlyMap<string, ChainLink> {
    return this.#heads
  }
}
