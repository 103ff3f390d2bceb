/** Rows as PostgreSQL gives them, as the domain's values. */
import type { Revocation } from '../../domain/revocation.ts'
import { toRevocation as fromColumns, type LogColumns } from '../log-row.ts'
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

export interface LogRow extends LogColumns {
  readonly number: number
  readonly stream: string
  readonly sequence: number
}

export function toRevocation(row: LogRow): Revocation {
  return fromColumns(row, row.stream, row.sequence)
}

export * from '../rows.ts'
