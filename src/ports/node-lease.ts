/**
 * How several nodes on one database know of each other: a node is a verifier like any guard, and
 * holds a lease that the database keeps.
 *
 * The rules, without a comparison of clocks between machines:
 *
 * - **Renewing.** At its own monotonic time `t0` a node raises the counter of its row. When that is
 *   committed, and only then, it reads how far every stream has come. Once its replica has applied
 *   all of that, it may accept tokens until `t0` + lease, by its own clock. While it lags behind,
 *   or cannot reach the database, its lease runs out and it accepts nothing.
 * - **Why that is enough.** Say that a revocation commits at some moment. A renewal that read the
 *   streams after it has the revocation in its replica before it counts. One that read them before
 *   it began before it, so what it grants ends one lease after the commit at the latest. One lease
 *   and a margin after a commit, then, no node accepts what it ended, acknowledged or not.
 * - **Not waiting that long.** A node that has applied an entry, and whose guards have too or hold no
 *   lease any more, acknowledges it in its row. And a node whose counter did not change for a lease
 *   and a margin, by the observer's clock, holds none. A node that is behind by a lease does not
 *   renew until it has caught up, so that no logout waits for it in vain.
 * - **Guards.** A node grants no guard a lease that ends after its own: `leaseLeftMs` is the most
 *   that it may give. So when a node's lease has run out, so have those of its guards.
 * - **Coming back.** A row belongs to one start of one process. A process that was away for so long
 *   that its row was removed joins anew; what it missed it reads from the streams before its first
 *   lease counts.
 */
import type { Position, Revocation } from '../domain/revocation.ts'

export interface NodeLeases {
  /** The name of this node, which is that of the stream that it writes. */
  readonly node: string

  /**
   * Takes part from now on and renews in the background. Resolves when the first renewal was
   * answered; the lease counts as soon as what it named is applied.
   *
   * @throws {Refusal} `store_unavailable` where the database cannot be reached.
   * @throws {Error} Where other nodes have a lease of another length.
   */
  join(): Promise<void>

  /**
   * Says how far this node's replica has come. Call it after entries were applied, and before they
   * are acknowledged. Streams that are not named stay as they were; nothing goes back.
   */
  applied(position: Position): void

  /**
   * Says how far this node and all its guards have come: they have applied every entry up to there,
   * or can hold no lease. Told to the other nodes soon afterwards.
   */
  acknowledge(position: Position): void

  /**
   * For how many milliseconds from now this node may accept tokens, and the longest lease that it
   * may grant to a guard; 0 where it may not.
   */
  leaseLeftMs(): number

  /** What is known of the other nodes. */
  others(): readonly OtherNode[]

  /**
   * Waits until no other node, and no guard of one, can accept what an entry ended. This node and
   * its own guards are not waited for.
   *
   * Call it when the entry is durable, whichever node wrote it. Always resolves, at the latest one
   * lease and a margin after the call, even when the database is gone.
   */
  confirmOnOtherNodes(revocation: EntryPlace): Promise<ConfirmedElsewhere>

  /** The same for everything up to a position. Call it when all of that is durable. */
  confirmedUpTo(position: Position): Promise<ConfirmedElsewhere>

  /**
   * Leaves. Call it when this node accepts nothing any more.
   *
   * @param heldForMs For how long from now one of its guards may hold a lease. 0: the others wait
   *   for this node no longer. Otherwise they wait until its last lease has run out.
   */
  close(heldForMs: number): Promise<void>
}

/** Where in the log an entry is. */
export type EntryPlace = Pick<Revocation, 'stream' | 'sequence'>

export interface OtherNode {
  readonly name: string
  /** How far it and its guards have said that they are. */
  readonly acknowledged: Position
  /** False when its lease must have run out. */
  readonly mayHoldLease: boolean
}

/** How the other nodes came to be confirmed. */
export interface ConfirmedElsewhere {
  /** How many that might have held a lease said that they and their guards applied it. */
  readonly acknowledged: number
  /** How many had a lease that ran out before they said so. */
  readonly lapsed: number
}
