/**
 * The database of a simulated fleet: the real schema and statements of the store on SQLite, in
 * memory, or in a file where backups of it are made.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Position, Revocation } from '../../../src/domain/revocation.ts'
import {
  handle,
  type FileCommandName,
  type FileCommands,
  type LongQueries,
  type PointQueries,
} from '../../../src/stores/commands.ts'
import type { NodeRow } from '../../../src/stores/node-table.ts'
import { backUp } from '../../../src/stores/sqlite/backup.ts'
import { commandHandlers } from '../../../src/stores/sqlite/batch.ts'
import { horizonKeeper } from '../../../src/stores/sqlite/horizon.ts'
import { logWriter, type LogWriter } from '../../../src/stores/sqlite/log.ts'
import { migrate } from '../../../src/stores/sqlite/migrations.ts'
import { longHandlers, pointHandlers } from '../../../src/stores/sqlite/readers.ts'
import { ensureStream, readStreams } from '../../../src/stores/sqlite/streams.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'

/** What a change came to, and what it added to the log. */
export interface Changed<T> {
  readonly value: T
  readonly entries: readonly Revocation[]
}

export class SimulatedDatabase {
  /** Nothing that is asked before then is done before then. */
  awayUntilMs = 0
  /** By stream: the process that writes it. What is on its way from an earlier one is not done. */
  readonly writers: Map<string, SimulatedProcess> = new Map()
  /** Rows of the table of nodes, by member. */
  readonly nodes: Map<string, NodeRow> = new Map()
  readonly #database: DatabaseSync
  readonly #log: LogWriter
  readonly #commands: FileCommands
  readonly #points: PointQueries
  readonly #longs: LongQueries

  /** @param stream Of a new database; one that was restored has its own. */
  constructor(stream: string, path = ':memory:') {
    this.#database = new DatabaseSync(path)
    this.#database.exec('PRAGMA synchronous = OFF')
    migrate(this.#database)
    ensureStream(this.#database, stream)
    const horizon = horizonKeeper(this.#database)
    this.#log = logWriter(this.#database, horizon)
    this.#commands = commandHandlers(this.#database, this.#log, horizon)
    this.#points = pointHandlers(this.#database)
    this.#longs = longHandlers(this.#database)
  }

  /** The name under which a server writes its entries. */
  streamOf(_server: string): string {
    return readStreams(this.#database).at(-1)?.name ?? ''
  }

  close(): void {
    this.#database.close()
  }

  backUp(to: string): void {
    backUp(this.#database, to)
  }

  /** A change, by the server that writes a stream. */
  change<K extends FileCommandName>(
    _stream: string,
    name: K,
    ...input: Parameters<FileCommands[K]>
  ): Changed<ReturnType<FileCommands[K]>> {
    const value = handle(this.#commands, name, input)
    return { value, entries: this.#log.takeEntries() }
  }

  find<K extends keyof PointQueries>(
    name: K,
    ...input: Parameters<PointQueries[K]>
  ): ReturnType<PointQueries[K]> {
    return handle(this.#points, name, input)
  }

  list<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): ReturnType<LongQueries[K]> {
    return handle(this.#longs, name, input)
  }

  /** Everything that was ended, as the database has it. */
  log(): readonly Revocation[] {
    return [...this.heads()].flatMap(([stream, limit]) =>
      limit === 0 ? [] : this.list('readStream', stream, 0, limit),
    )
  }

  heads(): Position {
    return this.find('head')
  }
}
