/** A whole SQLite database on its way to another store, or from one. See `transfer/transfer.ts`. */
import { existsSync } from 'node:fs'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  columnsOf,
  rowOf,
  emptyAtFirst,
  tables,
  type Counts,
  type Row,
  type TableName,
  type Value,
} from '../transfer/tables.ts'
import type { TransferSource, TransferTarget } from '../transfer/transfer.ts'
import { openForWriting } from './connection.ts'
import { createFile, removeDatabase, syncToDisk } from './files.ts'
import { headPathOf, readHead } from './head.ts'
import { claimPlace, lockFile, type ClaimedPlace } from './lock.ts'
import { migrate, schemaVersion } from './migrations.ts'
import { putInPlace } from './place.ts'
import { shaped } from './rows.ts'
import { migrations } from './schema/index.ts'
import { beginStream, freshStreamName, readStreams } from './streams.ts'
import { markUndecided } from './undecided.ts'
import { verifyLog } from './verify-file.ts'

/** Rows that are handed on at once. */
const CHUNK = 500

const orders: Readonly<Record<Exclude<TableName, 'log'>, string>> = {
  subjects: 'id',
  clients: 'id',
  signing_keys: 'number',
  access_horizon: 'number',
  checkpoints: 'stream',
  generations: 'scope, key',
  sessions: 'number',
  refresh_tokens: 'id',
  tickets: 'kind, key',
  delivery_cursors: 'stream',
  deliveries: 'number',
  foreign_sessions: 'issuer, subject, session, client',
  operators: 'name',
  passkeys: 'id',
}

/**
 * Opens a database file to be read as a whole. It stays locked until the source is closed, so that
 * no server gives out what the copy does not have.
 *
 * @param nowMs Tickets that have expired then are left out.
 * @throws {Error} Where a server uses the file, it is not there, or has another schema.
 */
export function openSqliteSource(path: string, nowMs: number): TransferSource {
  if (!existsSync(path)) throw new Error('there is no such database')
  const unlock = lockFile(path)
  try {
    // For writing: after `kill -9` the last commits are in the write-ahead log alone.
    const database = openForWriting(path, 'full')
    try {
      checkSchema(database)
      return new Source(database, nowMs, unlock)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    unlock()
    throw error
  }
}

function checkSchema(database: DatabaseSync): void {
  const known = migrations.at(-1)?.number ?? 0
  const found = schemaVersion(database)
  if (found > known) throw new Error('a newer version of Outright wrote it')
  if (found < known) throw new Error('its schema is not up to date: run outright migrate')
}

class Source implements TransferSource {
  readonly counts: Counts
  readonly #database: DatabaseSync
  readonly #nowMs: number
  readonly #unlock: () => void

  constructor(database: DatabaseSync, nowMs: number, unlock: () => void) {
    this.#database = database
    this.#nowMs = nowMs
    this.#unlock = unlock
    const counts = tables.map(({ name }) => {
      const sql = `SELECT count(*) AS rows FROM ${name} ${this.#filter(name)}`
      return [name, shaped<{ rows: number }>(database.prepare(sql).get()).rows] as const
    })
    this.counts = Object.fromEntries(counts) as Record<TableName, number>
  }

  async *rows(table: TableName): AsyncGenerator<readonly Row[]> {
    if (table === 'log') return yield* this.#log()
    const columns = columnsOf(table).join(', ')
    const order = orders[table]
    const sql = `SELECT ${columns} FROM ${table} ${this.#filter(table)} ORDER BY ${order}`
    yield* this.#chunks(this.#database.prepare(sql), (record) => rowOf(table, record))
  }

  close(): Promise<void> {
    this.#database.close()
    this.#unlock()
    return Promise.resolve()
  }

  #filter(table: TableName): string {
    return table === 'tickets' ? `WHERE expires_at_ms >= ${String(this.#nowMs)}` : ''
  }

  async *#log(): AsyncGenerator<readonly Row[]> {
    for (const { name, firstPosition, endPosition } of readStreams(this.#database)) {
      const last = Math.min(endPosition - 1, Number.MAX_SAFE_INTEGER)
      const statement = this.#database.prepare(
        `SELECT *, ? AS stream, position - ? AS sequence FROM log
         WHERE position BETWEEN ? AND ? ORDER BY position`,
      )
      const values = [name, firstPosition - 1, firstPosition, last]
      yield* this.#chunks(statement, (record) => rowOf('log', record), values)
    }
  }

  async *#chunks(
    statement: StatementSync,
    convert: (record: Record<string, unknown>) => Row,
    values: readonly SQLInputValue[] = [],
  ): AsyncGenerator<readonly Row[]> {
    let chunk: Row[] = []
    for (const record of statement.iterate(...values)) {
      chunk.push(convert(record))
      if (chunk.length < CHUNK) continue
      yield chunk
      chunk = []
    }
    if (chunk.length > 0) yield chunk
  }
}

/**
 * Begins a database file beside the place where it is to be; it gets its name when it is whole.
 *
 * @throws {Error} Where a server uses the file, or a database is there that holds anything.
 */
export function openSqliteTarget(path: string): TransferTarget {
  const place = claimPlace(path)
  const copy = `${path}.importing`
  try {
    if (existsSync(path)) checkEmpty(path)
    removeDatabase(copy)
    createFile(copy)
    return new Target(path, copy, place)
  } catch (error) {
    place.giveUp()
    throw error
  }
}

function checkEmpty(path: string): void {
  const database = openForWriting(path, 'full')
  try {
    if (schemaVersion(database) === 0) return
    for (const name of emptyAtFirst) {
      const filled = database.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get()
      if (filled !== undefined) throw new Error(`it is not empty: there are ${name}`)
    }
  } finally {
    database.close()
  }
}

class Target implements TransferTarget {
  readonly #path: string
  readonly #copy: string
  readonly #place: ClaimedPlace
  readonly #database: DatabaseSync
  readonly #inserts = new Map<TableName, StatementSync>()
  /** Of the last entry. */
  #position = 0
  /** Whose entries come, and the position before its first. */
  #stream: { readonly name: Value; readonly before: number } | undefined
  #done = false

  constructor(path: string, copy: string, place: ClaimedPlace) {
    this.#path = path
    this.#copy = copy
    this.#place = place
    this.#database = openForWriting(copy, 'full')
    migrate(this.#database)
    this.#database.exec('BEGIN')
  }

  write(table: TableName, rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      if (table === 'log') this.#addEntry(row)
      else if (table === 'generations') this.#addCounter(row)
      else if (table === 'delivery_cursors') this.#addCursor(row)
      else this.#insert(table, columnsOf(table)).run(...row)
    }
    return Promise.resolve()
  }

  finish(): Promise<void> {
    // Reads back what was written: numbers, streams and hashes as a server will read them.
    if (this.#position > 0) verifyLog(this.#database)
    const head = readHead(headPathOf(this.#path))
    if (head !== undefined && head.position > 0 && !existsSync(this.#path)) {
      const why = 'the database that was served here is gone, and an export took its place'
      markUndecided(this.#database, why)
    }
    // A server of this file must not assign numbers that the other database has assigned since.
    if (this.#position > 0)
      beginStream(this.#database, freshStreamName(readStreams(this.#database)))
    this.#database.exec('COMMIT')
    this.#database.close()
    this.#done = true
    syncToDisk(this.#copy)
    // An empty database may be there; its companions do not belong to the new one.
    removeDatabase(this.#path)
    putInPlace(this.#copy, this.#path)
    this.#place.release()
    return Promise.resolve()
  }

  abort(): Promise<void> {
    if (this.#done) return Promise.resolve()
    this.#done = true
    this.#database.close()
    removeDatabase(this.#copy)
    this.#place.giveUp()
    return Promise.resolve()
  }

  #insert(table: TableName, columns: readonly string[]): StatementSync {
    const known = this.#inserts.get(table)
    if (known !== undefined) return known
    const marks = columns.map(() => '?').join(', ')
    // The row of the access horizon is there from the beginning.
    const sql = `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`
    const statement = this.#database.prepare(sql)
    this.#inserts.set(table, statement)
    return statement
  }

  /** Positions run through all streams; in a stream they go as its numbers do. */
  #addEntry(row: Row): void {
    const [stream = null, sequence, ...rest] = row
    if (stream !== this.#stream?.name) {
      const before = this.#position
      this.#stream = { name: stream, before }
      this.#database
        .prepare('INSERT INTO streams (first_position, name) VALUES (?, ?)')
        .run(before + 1, stream)
    }
    this.#position = this.#stream.before + Number(sequence)
    const columns = ['position', ...columnsOf('log').slice(2)]
    this.#insert('log', columns).run(this.#position, ...rest)
  }

  #addCounter(row: Row): void {
    const [scope = null, key = null, generation = null] = row
    const entry = this.#database
      .prepare('SELECT position FROM log WHERE scope = ? AND key = ? AND generation = ?')
      .get(scope, key, generation)
    if (entry === undefined) throw new Error('a counter has no entry that raised it')
    const columns = [...columnsOf('generations'), 'position']
    const { position } = shaped<{ position: number }>(entry)
    this.#insert('generations', columns).run(...row, position)
  }

  /** An entry that was planned in part is planned anew: that is the same deliveries. */
  #addCursor(row: Row): void {
    this.#insert('delivery_cursors', [...columnsOf('delivery_cursors'), 'session_number']).run(
      ...row,
      0,
    )
  }
}
