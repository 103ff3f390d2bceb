/**
 * What the core needs from a database, as operations of the domain.
 *
 * The contract, which `stores/contract.ts` tries on every store:
 *
 * - A promise that resolves means that the change is durable: it survives `kill -9` and power loss.
 * - Every operation is atomic. One that rejects has changed nothing.
 * - Operations that were submitted one after another commit in that order; what a resolved operation
 *   wrote is seen by every operation submitted later.
 * - Rejections are `Refusal`s: `store_unavailable` when nothing could be stored (a full disk, a lost
 *   connection), `conflict` for a unique name that is taken, `not_found` where an operation says
 *   so.
 * - Entries of a stream are numbered from 1 without gaps and chained by `chainInput`. Where some were
 *   cut (`cut.ts`) that holds behind the checkpoint, and of those before it the ones are there that
 *   still count.
 */
import type { CutStore } from './cut.ts'
import type { DirectoryStore } from './directory.ts'
import type { DeliveryStore } from './delivery.ts'
import type { ForeignSessionStore } from './foreign-session.ts'
import type { KeyStore } from './signing-key.ts'
import type { LogStore } from './revocation-log.ts'
import type { OperatorStore, PasskeyStore } from './operator.ts'
import type { SessionStore } from './session.ts'
import type { TicketStore } from './ticket.ts'

export type {
  ClientChange,
  ClientLookup,
  DirectoryIds,
  DirectoryNames,
  DirectoryStore,
  SessionOwner,
  SubjectChange,
  SubjectLookup,
} from './directory.ts'
export type * from './page.ts'
export type * from './revocation-log.ts'
export type * from './session-search.ts'
export type * from './session.ts'
export type * from './signing-key.ts'

export interface Store
  extends
    LogStore,
    CutStore,
    SessionStore,
    DirectoryStore,
    TicketStore,
    KeyStore,
    DeliveryStore,
    ForeignSessionStore,
    OperatorStore,
    PasskeyStore,
    MaintenanceStore {}

export interface SweepOutcome {
  readonly sessions: number
  readonly refreshTokens: number
  readonly tickets: number
  readonly keys: number
  readonly deliveries: number
  readonly foreignSessions: number
}

export interface MaintenanceStore {
  /**
   * What the database's own clock says, milliseconds since 1970; undefined where it has none but
   * this machine's.
   */
  databaseTimeMs(): Promise<number | undefined>
  /** Resolves when the store can commit, rejects with `store_unavailable` otherwise. */
  ready(): Promise<void>
  /**
   * Removes at most `limit` rows of each kind that had expired at `nowMs`: a time that is certainly
   * over, whatever a wall clock says. A session stays while an entry that is not planned yet
   * (`ports/delivery.ts`) may have ended it before it expired.
   */
  sweep(nowMs: number, limit: number): Promise<SweepOutcome>
  /** Finishes what was accepted, then closes. */
  close(): Promise<void>
}
