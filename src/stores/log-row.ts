/** A row of the log, as both stores name its columns. */
import type { Revocation } from '../domain/revocation.ts'
import type { Row } from './row.ts'

export type LogColumns = Row<Omit<Revocation, 'stream' | 'sequence'>>

export function toRevocation(row: LogColumns, stream: string, sequence: number): Revocation {
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
