/** Reading the log: how far it has come, a stream in order, searches, and all that still counts. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Revocation } from '../../domain/revocation.ts'
import type { LongQueries, PointQueries } from '../commands.ts'
import { logView } from './log-view.ts'
import { checkLimit, newestPageStart, toPage, writeCursor } from '../pages.ts'
import { logColumns, shaped, type LogRow } from './rows.ts'

export function logPointReader(
  database: DatabaseSync,
): Pick<PointQueries, 'head' | 'findRevocation' | 'findEnding'> {
  const view = logView(database)
  const last = database.prepare('SELECT coalesce(max(position), 0) AS position FROM log')
  return {
    head() {
      const { position } = shaped<{ position: number }>(last.get())
      return new Map(
        view.streams.map(({ name, firstPosition, endPosition }) => {
          // A stream that was left is whole, whatever is missing in the table now.
          const end = Number.isFinite(endPosition) ? endPosition : position + 1
          return [name, Math.max(0, end - firstPosition)]
        }),
      )
    },
    findRevocation: (id) => view.byId(id),
    findEnding: endingReader(database, view.convert),
  }
}

/** Each place is one step into `log_by_key`. */
function endingReader(
  database: DatabaseSync,
  convert: (row: LogRow) => Revocation,
): PointQueries['findEnding'] {
  const first = `(SELECT position FROM log
    WHERE key = ? AND scope = ? AND generation >= ? AND issuer = ''
    ORDER BY generation, position LIMIT 1)`
  /** By how many places they look at: as many as there are scopes at the most. */
  const prepared = new Map<number, StatementSync>()
  return (places) => {
    const statement =
      prepared.get(places.length) ??
      database.prepare(
        `SELECT ${logColumns} FROM log WHERE position IN (${places.map(() => first).join(', ')})
         ORDER BY position LIMIT 1`,
      )
    prepared.set(places.length, statement)
    const values = places.flatMap(({ key, scope, fromGeneration }) => [key, scope, fromGeneration])
    const row = shaped<LogRow | undefined>(statement.get(...values))
    return row && convert(row)
  }
}

type LongLogQueries = Pick<LongQueries, 'readStream' | 'listRevocations' | 'liveRevocations'>

export function logLongReader(database: DatabaseSync): LongLogQueries {
  const view = logView(database)
  const range = database.prepare(
    `SELECT ${logColumns} FROM log WHERE position > ? AND position < ? ORDER BY position LIMIT ?`,
  )
  return {
    readStream(stream, afterSequence, limit) {
      checkLimit(limit, 10_000)
      const found = view.streams.find(({ name }) => name === stream)
      if (found === undefined) return []
      const after = found.firstPosition - 1 + Math.max(0, afterSequence)
      const end = Math.min(found.endPosition, Number.MAX_SAFE_INTEGER)
      return shaped<LogRow[]>(range.all(after, end, limit)).map(view.convert)
    },
    listRevocations: listReader(database, view.convert),
    liveRevocations: liveReader(database, view.convert),
  }
}

function listReader(
  database: DatabaseSync,
  convert: (row: LogRow) => Revocation,
): LongQueries['listRevocations'] {
  /** By their conditions: at most eight. */
  const prepared = new Map<string, StatementSync>()
  function find(conditions: string): StatementSync {
    const known =
      prepared.get(conditions) ??
      database.prepare(
        `SELECT ${logColumns} FROM log WHERE ${conditions} ORDER BY position DESC LIMIT ?`,
      )
    prepared.set(conditions, known)
    return known
  }
  return (filter, page) => {
    const before = newestPageStart('revocations', page)
    const conditions = ['position < ?']
    const values: SQLInputValue[] = [before]
    for (const column of ['scope', 'issuer', 'key', 'reason'] as const) {
      const wanted = filter[column]
      if (wanted === undefined) continue
      conditions.push(`${column} = ?`)
      values.push(wanted)
    }
    const rows = find(conditions.join(' AND ')).all(...values, page.limit + 1)
    return toPage(shaped<LogRow[]>(rows), page.limit, convert, (row) =>
      writeCursor('revocations', row.position),
    )
  }
}

/** One page of the walk: first the counters, in the order of their keys, then the rest by time. */
function liveReader(
  database: DatabaseSync,
  convert: (row: LogRow) => Revocation,
): LongQueries['liveRevocations'] {
  const columns = logColumns.replaceAll(/\b(?=\w)/g, 'log.')
  const wide = database.prepare(
    `SELECT ${columns} FROM generations JOIN log ON log.position = generations.position
     WHERE (generations.scope, generations.key) > (?, ?) AND generations.forget_after_ms >= ?
     ORDER BY generations.scope, generations.key LIMIT ?`,
  )
  const narrow = database.prepare(
    `SELECT ${logColumns} FROM log WHERE (forget_after_ms, position) > (?, ?)
       AND generation = 0
     ORDER BY forget_after_ms, position LIMIT ?`,
  )
  return ({ nowMs, after, limit }) => {
    const rows = shaped<LogRow[]>(
      after.part === 'wide'
        ? wide.all(after.scope, after.key, nowMs, limit)
        : narrow.all(after.forgetAfterMs, after.position, limit),
    )
    const entries = rows.map(convert)
    const last = rows.at(-1)
    if (after.part === 'wide') {
      const more = last !== undefined && rows.length === limit
      return {
        entries,
        next: more
          ? { part: 'wide', scope: last.scope, key: last.key }
          : { part: 'narrow', forgetAfterMs: nowMs, position: -1 },
      }
    }
    return {
      entries,
      next:
        last && rows.length === limit
          ? { part: 'narrow', forgetAfterMs: last.forget_after_ms, position: last.position }
          : undefined,
    }
  }
}
