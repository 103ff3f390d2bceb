/**
 * A whole database on its way to another one, of the same kind or not: the two ends that a store
 * offers for it. Not part of the port, because no verb of the core has a use for it, and because
 * both ends need a database that no server has open.
 */
import { hash } from 'node:crypto'
import type { ChainLink } from '../../domain/chain.ts'
import type { Checkpoint } from '../../domain/checkpoint.ts'
import type { Revocation } from '../../domain/revocation.ts'
import { StreamVerifier, type Break } from '../../domain/stream-verifier.ts'
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

/** Verifies one stream as its entries are read back: see `domain/stream-verifier.ts`. */
export class ChainVerifier {
  readonly #stream: string
  readonly #verifier: StreamVerifier

  constructor(stream: string, checkpoint: Checkpoint | undefined) {
    this.#stream = stream
    this.#verifier = new StreamVerifier(checkpoint, (text) => hash('sha256', text, 'base64url'))
  }

  get entries(): number {
    return this.#verifier.entries
  }

  /** The last link that was followed. */
  get last(): ChainLink {
    return this.#verifier.last
  }

  /**
   * @param entries The next ones, in order.
   * @throws {Error} Where an entry is not what was written, or one is missing.
   */
  follow(entries: readonly Revocation[]): void {
    this.#check(this.#verifier.follow(entries))
  }

  /** @param head Number of the stream's last entry. */
  end(head: number): void {
    this.#check(this.#verifier.end(head))
  }

  #check(broken: Break | undefined): void {
    if (broken === undefined) return
    const { sequence, problem } = broken
    throw new Error(`entry ${String(sequence)} of stream ${this.#stream} of the log: ${problem}`)
  }
}
