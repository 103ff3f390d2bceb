/** A row of the log, as both stores name its columns. */
import type { Revocation } from '../domain/revocation.ts'

export interface LogColumns {
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
