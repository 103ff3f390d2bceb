/** Rows as PostgreSQL gives them, as the domain's values. */
import type { Revocation } from '../../domain/revocation.ts'
import { columnsOf, type TableName } from '../transfer/tables.ts'

/**
 * The columns of a table, for a query in which it is called `alias`. By their names and never as
 * `*`: a newer node may add a column while this one serves, and a statement that was prepared
 * before may not return more than it did then.
 */
export function allOf(table: TableName, alias: string): string {
  const numbered = ['log', 'sessions', 'deliveries'].includes(table) ? ['number'] : []
  return [...numbered, ...columnsOf(table)].map((column) => `${alias}.${column}`).join(', ')
}

export interface LogRow {
  readonly number: number
  readonly stream: string
  readonly sequence: number
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

export function toRevocation(row: LogRow): Revocation {
  return {
    id: row.id,
    stream: row.stream,
    sequence: row.sequence,
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
