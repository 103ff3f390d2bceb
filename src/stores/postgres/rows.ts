/** Rows as PostgreSQL gives them, as the domain's values. */
import type { Revocation } from '../../domain/revocation.ts'

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
}

export function toRevocation(row: LogRow): Revocation {
  return {
    id: row.id,
    stream: row.stream,
    sequence: row.sequence,
    scope: row.scope,
    key: row.key,
    generation: row.generation,
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
  type SessionRow,
  type SubjectRow,
  type ClientRow,
  type TicketRow,
  type KeyRow,
} from '../rows.ts'
