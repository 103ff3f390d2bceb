/** Entries of the log with their stream and their number in it, for readers and writers. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Revocation } from '../../domain/revocation.ts'
import { logColumns, shaped, toRevocation, type LogRow } from './rows.ts'
import { readStreams, type Stream } from './streams.ts'

export interface LogView {
  /** Oldest first. */
  readonly streams: readonly Stream[]
  /** The one that is written: the last. */
  readonly stream: Stream
  readonly convert: (row: LogRow) => Revocation
  byId(id: string): Revocation | undefined
  /**
   * The entry that ended a thing by its name, up to this second or a later one where it is a
   * cut-off.
   */
  byName(
    scope: string,
    key: string,
    of: { readonly issuer: string; readonly cutoffSeconds: number },
  ): Revocation | undefined
  at(position: number): Revocation | undefined
  after(position: number): readonly Revocation[]
}

export function logView(database: DatabaseSync): LogView {
  const streams = readStreams(database)
  const byId = database.prepare(`SELECT ${logColumns} FROM log WHERE id = ?`)
  const byName = database.prepare(
    `SELECT ${logColumns} FROM log WHERE key = ? AND scope = ? AND generation = 0 AND issuer = ?
       AND cutoff_seconds >= ? ORDER BY position LIMIT 1`,
  )
  const at = database.prepare(`SELECT ${logColumns} FROM log WHERE position = ?`)
  const after = database.prepare(
    `SELECT ${logColumns} FROM log WHERE position > ? ORDER BY position`,
  )

  function convert(row: LogRow): Revocation {
    const stream = streamAt(streams, row.position)
    return toRevocation(row, stream.name, row.position - stream.firstPosition + 1)
  }
  function one(statement: StatementSync, ...values: SQLInputValue[]): Revocation | undefined {
    const row = shaped<LogRow | undefined>(statement.get(...values))
    return row && convert(row)
  }
  return {
    streams,
    stream: streamAt(streams, Number.MAX_SAFE_INTEGER),
    convert,
    byId: (id) => one(byId, id),
    byName: (scope, key, { issuer, cutoffSeconds }) =>
      one(byName, key, scope, issuer, cutoffSeconds),
    at: (position) => one(at, position),
    after: (position) => shaped<LogRow[]>(after.all(position)).map(convert),
  }
}

function streamAt(streams: readonly Stream[], position: number): Stream {
  const stream = streams.findLast(({ firstPosition }) => firstPosition <= position)
  if (stream === undefined) throw new Error(`entry ${position} belongs to no stream`)
  return stream
}
