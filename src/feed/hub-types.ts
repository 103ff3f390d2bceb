/** What the hub is made from and what it offers. */
import type { Position, Revocation } from '../domain/revocation.ts'
import type { Clock } from '../ports/clock.ts'
import type { Confirmation } from '../ports/confirmation.ts'
import type { Log } from '../ports/log.ts'
import type { ReplicaChunk } from '../verifier/replica.ts'
import type { FeedConnection, FeedConnectionEvents } from './connection.ts'
import type { LeaseRules } from './lease-rules.ts'
import type { DetailedReceipt } from './receipts.ts'
import type { FeedHubSettings } from './settings.ts'
import type { VerifierStatus } from './verifiers.ts'

export interface FeedHubOptions extends Partial<FeedHubSettings> {
  readonly clock: Clock
  readonly log: Log
  /** This node's name, for people: at most 128 bytes. */
  readonly node: string
  /** `iss` of the tokens that the guards shall accept. */
  readonly issuer: string
  /** 16 random bytes, new for every run of the process. */
  readonly epoch: Uint8Array
  /**
   * Everything in the node's replica, in pieces of at most 16,384 entries. Called for each
   * snapshot.
   */
  readonly snapshot: () => Iterable<ReplicaChunk>
  /** Up to when entries may be missing there: `Replica.overSeconds`. */
  readonly overSeconds: () => number
  /** How far the log is in the node's replica when the hub is made. */
  readonly position: Position
  /**
   * The longest lease, in milliseconds, that an earlier run of this node may have granted and that
   * may not have ended. Confirmations wait for it to end. Default: `leaseMs`. 0 only where there
   * was no earlier run, or it never granted one.
   */
  readonly predecessorLeaseMs?: number
  /** Stores, durably, that leases of this length will be granted; none is before it has resolved. */
  readonly rememberLeases?: (leaseMs: number) => Promise<void>
  /** How long a lease may be at most now, in milliseconds; 0 where this node is not current itself. */
  readonly grantableMs?: () => number
  /**
   * Told, in order, how far this node and all its guards have come: everything up to there is
   * applied by them, or they can hold no lease. Streams that are not named are where they were.
   */
  readonly onConfirmed?: (position: Position) => void
  /** For the simulation alone: rules that are wrong on purpose. */
  readonly rules?: Partial<LeaseRules>
}

export interface FeedHub extends Confirmation {
  /**
   * Takes over a new connection.
   *
   * @returns What to call when something arrives on it and when it has ended.
   */
  accept(connection: FeedConnection): FeedConnectionEvents
  /**
   * Sends entries to every guard. They must be durable, and in this node's replica already, and
   * come in the order of each stream. Call it before the promises of the verbs that made them
   * resolve.
   */
  publish(entries: readonly Revocation[]): void
  /** What is remembered of a confirmation, with what each verifier had to say. */
  detailedReceipt(revocationId: string): DetailedReceipt | undefined
  /** The node itself and every guard that is connected or may hold a lease. */
  verifiers(): readonly VerifierStatus[]
  /**
   * Age of the oldest entry published here that a guard at this position does not have, in
   * milliseconds; 0 where there is none.
   */
  ageAfter(position: Position): number
  /** How many connections are open. */
  readonly connections: number
  /** For how long from now some guard may hold a lease, in milliseconds; 0 for none. */
  heldForMs(): number
  /** Ends all connections. Confirmations that are waited for still come. */
  close(): void
  /** Stops counting leases, behind `close`: no confirmation comes any more, and no timer is left. */
  end(): void
}
