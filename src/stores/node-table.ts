/** What the leases of nodes need of a database: a row for each start of a process. */
import type { Position } from '../domain/revocation.ts'

export interface NodeRow {
  /** Names one start of one process. */
  readonly member: string
  /** The node, which is the stream that it writes. */
  readonly name: string
  readonly lease_ms: number
  /** Raised by every renewal. */
  readonly renewals: number
  /** How far the node and its guards have said that they are: see `readPosition`. */
  readonly acknowledged: string
}

/** The rows, over one connection. Calls are answered in their order, or the connection is lost. */
export interface NodeRows {
  add(row: Omit<NodeRow, 'renewals'>): Promise<void>
  /** All rows, in a fixed order. */
  list(): Promise<readonly NodeRow[]>
  /**
   * Raises the counter of a row, durably, and notes what is acknowledged. When that is committed,
   * and only then, reads how far every stream has come.
   *
   * @returns Undefined where the row is gone.
   */
  renew(member: string, acknowledged: Position): Promise<Position | undefined>
  /** How far every stream has come. */
  heads(): Promise<Position>
  /**
   * Notes what is acknowledged, and notifies the other nodes where that is possible. Need not
   * survive a crash.
   */
  tell(row: Pick<NodeRow, 'member' | 'name'>, acknowledged: Position): Promise<void>
  /** Removes a row, or only if it was not renewed since: who finds its row gone has to join anew. */
  remove(member: string, renewals: number | undefined): Promise<void>
}

/** The way to the rows, which is made again when it is lost. */
export interface NodeTable {
  /** The connection that stands, or the one that is being made. Rejects when that fails. */
  connect(): Promise<NodeRows>
  /**
   * Does something that may be repeated, until the patience of one lease ends.
   *
   * @throws {Refusal} `store_unavailable` where the database stayed away for too long.
   */
  use<T>(work: (rows: NodeRows) => Promise<T>): Promise<T>
  /**
   * Told what a call failed with: breaks the connection where it is of no use any more, so that the
   * next caller makes a new one.
   *
   * @returns The reason in words for the operator.
   */
  failed(error: unknown): string
  close(): Promise<void>
}

export function writePosition(position: Position): string {
  return JSON.stringify([...position])
}

export function readPosition(text: string): Position {
  return new Map(JSON.parse(text) as [string, number][])
}
