/**
 * Rows as SQLite gives them, as the domain's values. Columns are named by the queries, in snake
 * case.
 */
import type { Revocation } from '../../domain/revocation.ts'

/** Hides the driver's loose row type; the schema, which is STRICT, is what holds these shapes. */
export function shaped<T>(row: unknown): T {
  return row as T
}

export const logColumns =
  'position, id, scope, key, generation, reason, actor, note, at_ms, forget_after_ms, previous_hash, hash, version, issuer, cutoff_seconds'

export interface LogRow {
  readonly position: number
  readonly id: string
  readonly scope: Revocation['scope']
  readonly key: string
  readonly generation: number
  readonly reason: Revocation['reason']
  readonly actor: string
  readonly note: string
  readonly at_ms: number
  readonly forget_after_ms: number
  readonly previous_hash: string
  readonly hash: string
  readonly version: number
  readonly issuer: string
  readonly cutoff_seconds: number
}

export function toRevocation(row: LogRow, stream: string, sequence: number): Revocation {
  return {
    id: row.id,
    stream,
    sequence,
    version: row.version,
    scope: row.scope,
    issuer: row.issuer,
    key: row.key,
    generation: row.generation,
    cutoffSeconds: row.cutoff_seconds,
    reason: row.reason,
    actor: row.actor,
    note: row.note,
    atMs: row.at_ms,
    forgetAfterMs: row.forget_after_ms,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

export {
  toSession,
  toSubject,
  toClient,
  toTicket,
  toSigningKey,
  toDelivery,
  identityText,
  toOperator,
  toPasskey,
  toCheckpoint,
  type SessionRow,
  type SubjectRow,
  type ClientRow,
  type TicketRow,
  type KeyRow,
  type DeliveryRow,
  type OperatorRow,
  type PasskeyRow,
  type CheckpointRow,
} from '../rows.ts'
