/**
 * Rows as SQLite gives them, as the domain's values. Columns are named by the queries, in snake
 * case.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { LogColumns } from '../log-row.ts'

/** Hides the driver's loose row type; the schema, which is STRICT, is what holds these shapes. */
export function shaped<T>(row: unknown): T {
  return row as T
}

/**
 * Prepares the look-up of one row, for those that are made with every request. As an object the
 * driver gives a row without a shape, and makes each column's name anew: twice the time of giving
 * its values as an array, which are named here by the columns of the statement itself.
 */
export function rowFinder<T>(
  database: DatabaseSync,
  sql: string,
): (...values: SQLInputValue[]) => T | undefined {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  const names = statement.columns().map(({ name }) => name)
  return (...values) => {
    const found = shaped<readonly unknown[] | undefined>(statement.get(...values))
    if (found === undefined) return undefined
    const row: Record<string, unknown> = {}
    names.forEach((name, index) => {
      row[name] = found[index]
    })
    return shaped<T>(row)
  }
}

export const logColumns =
  'position, id, scope, key, generation, reason, actor, note, at_ms, forget_after_ms, previous_hash, hash, version, issuer, cutoff_seconds'

export interface LogRow extends LogColumns {
  readonly position: number
}

export * from '../rows.ts'

export { toRevocation } from '../log-row.ts'
