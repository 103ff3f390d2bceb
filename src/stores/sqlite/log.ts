/** The revocations: the one table that is only ever appended to, and the counters beside it. */
import { hash } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { refuse } from '../../domain/failure.ts'
import { chainInput, type Revocation, type RevocationCommand } from '../../domain/revocation.ts'
import { isWide } from '../../domain/scope.ts'
import type { LogFilter, Page, PageRequest, RevokeOutcome } from '../../ports/store.ts'
import type {
  Commands,
  Handlers,
  LivePage,
  LiveRequest,
  LongQueries,
  PointQueries,
} from './commands.ts'
import { checkLimit, readCursor, toPage, writeCursor } from './pages.ts'
import { logColumns, shaped, toRevocation, type LogRow } from './rows.ts'
import { readStreams, type Stream } from './streams.ts'

/** The last entry of the stream that is written, as the writer knows it. */
interface Tail {
  readonly position: number
  readonly hash: string
}

export interface LogWriter extends Handlers<Pick<Commands, 'revoke'>> {
  /** What was added since the last call, in order. */
  takeEntries(): readonly Revocation[]
  /** Forgets what was added; the tail is read anew before the next entry. After a rollback. */
  reset(): void
  /** Remembers this moment; the returned function goes back to it. After a rollback to a savepoint. */
  mark(): () => void
}

export function logWriter(database: DatabaseSync): LogWriter {
  const view = logView(database)
  const stream = lastOf(view.streams)
  const insert = database.prepare(
    `INSERT INTO log (${logColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const findCounter = database.prepare(
    'SELECT generation, position FROM generations WHERE scope = ? AND key = ?',
  )
  const raise = database.prepare(
    `INSERT INTO generations (scope, key, generation, position, forget_after_ms)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (scope, key) DO UPDATE SET generation = excluded.generation,
       position = excluded.position,
       forget_after_ms = max(forget_after_ms, excluded.forget_after_ms)`,
  )
  const findTail = database.prepare(
    'SELECT position, hash FROM log WHERE position >= ? ORDER BY position DESC LIMIT 1',
  )
  let tail: Tail | undefined
  let entries: Revocation[] = []

  function append(command: RevocationCommand, generation: number): RevokeOutcome {
    tail ??= shaped<Tail | undefined>(findTail.get(stream.firstPosition)) ?? {
      position: stream.firstPosition - 1,
      hash: '',
    }
    const position = tail.position + 1
    const entry = {
      id: command.id,
      stream: stream.name,
      sequence: position - stream.firstPosition + 1,
      scope: command.scope,
      key: command.key,
      generation,
      reason: command.reason,
      actor: command.actor,
      note: command.note,
      atMs: command.atMs,
      forgetAfterMs: command.forgetAfterMs,
      previousHash: tail.hash,
    }
    const revocation: Revocation = {
      ...entry,
      hash: hash('sha256', chainInput(entry), 'base64url'),
    }
    insert.run(position, ...columnsOf(revocation))
    if (isWide(command.scope)) {
      raise.run(command.scope, command.key, generation, position, command.forgetAfterMs)
    }
    tail = { position, hash: revocation.hash }
    entries.push(revocation)
    return { revocation, added: true }
  }

  return {
    revoke(command) {
      const repeated = view.byId(command.id)
      if (repeated !== undefined) {
        if (repeated.scope === command.scope && repeated.key === command.key) {
          return { revocation: repeated, added: false }
        }
        return refuse({ kind: 'conflict', reason: 'the id names another revocation' })
      }
      if (!isWide(command.scope)) {
        const earlier = view.byKey(command.scope, command.key)
        return earlier ? { revocation: earlier, added: false } : append(command, 0)
      }
      const counter = shaped<{ generation: number; position: number } | undefined>(
        findCounter.get(command.scope, command.key),
      )
      if (counter && command.seenGeneration !== undefined) {
        const by = counter.generation > command.seenGeneration && view.at(counter.position)
        if (by) return { revocation: by, added: false }
      }
      return append(command, (counter?.generation ?? 0) + 1)
    },
    takeEntries() {
      const taken = entries
      entries = []
      return taken
    },
    reset() {
      tail = undefined
      entries = []
    },
    mark() {
      const then = { tail, length: entries.length }
      return () => {
        tail = then.tail
        entries = entries.slice(0, then.length)
      }
    },
  }
}

function lastOf(streams: readonly Stream[]): Stream {
  const last = streams.at(-1)
  if (last === undefined) throw new Error('the log has no stream')
  return last
}

function columnsOf(entry: Revocation): SQLInputValue[] {
  return [
    entry.id,
    entry.scope,
    entry.key,
    entry.generation,
    entry.reason,
    entry.actor,
    entry.note,
    entry.atMs,
    entry.forgetAfterMs,
    entry.previousHash,
    entry.hash,
  ]
}

/** What both the writer and the readers look up: single entries, with their stream and number. */
function logView(database: DatabaseSync) {
  const streams = readStreams(database)
  const byId = database.prepare(`SELECT ${logColumns} FROM log WHERE id = ?`)
  const byKey = database.prepare(
    `SELECT ${logColumns} FROM log WHERE key = ? AND scope = ? ORDER BY position LIMIT 1`,
  )
  const at = database.prepare(`SELECT ${logColumns} FROM log WHERE position = ?`)

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
    convert,
    byId: (id: string) => one(byId, id),
    byKey: (scope: string, key: string) => one(byKey, key, scope),
    at: (position: number) => one(at, position),
  }
}

function streamAt(streams: readonly Stream[], position: number): Stream {
  const stream = streams.findLast(({ firstPosition }) => firstPosition <= position)
  if (stream === undefined) throw new Error(`entry ${position} belongs to no stream`)
  return stream
}

export function logPointReader(
  database: DatabaseSync,
): Handlers<Pick<PointQueries, 'head' | 'findRevocation'>> {
  const view = logView(database)
  const last = database.prepare('SELECT coalesce(max(position), 0) AS position FROM log')
  return {
    head() {
      const { position } = shaped<{ position: number }>(last.get())
      return new Map(
        view.streams.map(({ name, firstPosition, endPosition }) => [
          name,
          Math.max(0, Math.min(endPosition - 1, position) - firstPosition + 1),
        ]),
      )
    },
    findRevocation: (id) => view.byId(id),
  }
}

type LongLogQueries = Pick<LongQueries, 'readStream' | 'listRevocations' | 'liveRevocations'>

export function logLongReader(database: DatabaseSync): Handlers<LongLogQueries> {
  const view = logView(database)
  const range = database.prepare(
    `SELECT ${logColumns} FROM log WHERE position > ? AND position < ? ORDER BY position LIMIT ?`,
  )
  return {
    readStream({ stream, afterSequence, limit }) {
      checkLimit(limit, 10_000)
      const found = view.streams.find(({ name }) => name === stream)
      if (found === undefined) return []
      const after = found.firstPosition - 1 + Math.max(0, afterSequence)
      const end = Math.min(found.endPosition, Number.MAX_SAFE_INTEGER)
      return shaped<LogRow[]>(range.all(after, end, limit)).map(view.convert)
    },
    listRevocations: (input) => listRevocations(database, input.filter, input.page, view.convert),
    liveRevocations: liveReader(database, view.convert),
  }
}

function listRevocations(
  database: DatabaseSync,
  filter: LogFilter,
  page: PageRequest,
  convert: (row: LogRow) => Revocation,
): Page<Revocation> {
  checkLimit(page.limit, 1000)
  const before =
    page.cursor === undefined
      ? Number.MAX_SAFE_INTEGER
      : readCursor('revocations', page.cursor, 'number')
  const conditions = ['position < ?']
  const values: SQLInputValue[] = [before]
  for (const column of ['scope', 'key', 'reason'] as const) {
    const wanted = filter[column]
    if (wanted === undefined) continue
    conditions.push(`${column} = ?`)
    values.push(wanted)
  }
  const rows = shaped<LogRow[]>(
    database
      .prepare(
        `SELECT ${logColumns} FROM log WHERE ${conditions.join(' AND ')} ORDER BY position DESC LIMIT ?`,
      )
      .all(...values, page.limit + 1),
  )
  return toPage(rows, page.limit, convert, (row) => writeCursor('revocations', row.position))
}

/** One page of the walk: first the counters, in the order of their keys, then the rest by time. */
function liveReader(
  database: DatabaseSync,
  convert: (row: LogRow) => Revocation,
): (request: LiveRequest) => LivePage {
  const columns = logColumns.replaceAll(/\b(?=\w)/g, 'log.')
  const wide = database.prepare(
    `SELECT ${columns} FROM generations JOIN log ON log.position = generations.position
     WHERE (generations.scope, generations.key) > (?, ?) AND generations.forget_after_ms >= ?
     ORDER BY generations.scope, generations.key LIMIT ?`,
  )
  const narrow = database.prepare(
    `SELECT ${logColumns} FROM log WHERE (forget_after_ms, position) > (?, ?)
       AND scope IN ('token', 'session')
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
