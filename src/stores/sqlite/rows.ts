/**
 * Rows as SQLite gives them, as the domain's values. Columns are named by the queries, in snake
 * case.
 */
import type { LogColumns } from '../log-row.ts'

/** Hides the driver's loose row type; the schema, which is STRICT, is what holds these shapes. */
export function shaped<T>(row: unknown): T {
  return row as T
}

export const logColumns =
  'position, id, scope, key, generation, reason, actor, note, at_ms, forget_after_ms, previous_hash, hash, version, issuer, cutoff_seconds'

export interface LogRow extends LogColumns {
  readonly position: number
}

export * from '../rows.ts'

export { toRevocation } from '../log-row.ts'
