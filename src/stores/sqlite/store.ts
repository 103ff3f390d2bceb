/**
 * The store on SQLite: one file, one stream, one process.
 *
 * Owns the file, its schema and its threads: a thread that commits (`writer.ts`), a connection for
 * short reads on the thread of the caller and a thread for long ones (`readers.ts`). What each
 * operation does is in the files named after their tables; what it must do is in `ports/store.ts`.
 */
import { existsSync } from 'node:fs'
import type { Revocation } from '../../domain/revocation.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { Access } from './access.ts'
import {
  commands,
  commandsBesideLog,
  longQueries,
  passedOn,
  pointQueries,
  type LivePage,
  type LivePlace,
} from '../commands.ts'
import { openForWriting, reasonOf, type Durability } from './connection.ts'
import { freeClaims } from './deliveries.ts'
import { Listeners } from '../listeners.ts'
import { createHead, headPathOf } from './head.ts'
import { lockFile } from './lock.ts'
import { giveReserve, keepReserve, lacksRoom, reservePathOf } from './reserve.ts'
import { filesOf, findLoss, identify, readEnd, REMEDY } from './lost-files.ts'
import { migrate } from './migrations.ts'
import { ensureStream, readStreams } from './streams.ts'
import { markUndecided } from './undecided.ts'
import { makeFolderOf } from './folder.ts'
import { threadCommitter, Writer } from './writer.ts'

export interface SqliteOptions {
  /**
   * The database file; created where there is none. Beside it: `-wal`, `-shm`, `.lock`, and a file
   * of the same name that ends in `.head` instead of `.db`: the end of the log, see `head.ts`. And
   * one that ends in `.reserve`: see `reserve.ts`.
   */
  readonly path: string
  /** Name of the stream of a new file. A file that has one keeps it. */
  readonly stream: string
  /** `full`: a change is on the disk before it is answered. `off`: for benchmarks alone. */
  readonly durability: Durability
  /** Where failures of listeners are reported. */
  readonly log?: Log
  /**
   * What to do where the database lacks logouts that were answered. `refuse`, the default, does not
   * open it; `accept` does and marks it (`undecided.ts`), so that a decision about the missing ends
   * is asked for.
   */
  readonly lostLogouts?: 'refuse' | 'accept'
  /**
   * Called once, when this store can never write again, with the reason: its files were deleted or
   * replaced. Nothing that it refuses from then on was stored for long.
   */
  readonly onStopped?: (reason: string) => void
}

export interface SqliteStore extends Store {
  /**
   * Writes a consistent copy of everything to a new file, while the store goes on working.
   *
   * @throws {Refusal} `store_unavailable` where it cannot be written, or the file exists.
   */
  backup(to: string): Promise<void>
}

/** How many live revocations are read at once. */
const LIVE_CHUNK = 4096

/**
 * Opens a database file, brings its schema up to date and takes its lock.
 *
 * @throws {Error} `Cannot open <path>: …` where another process uses the file, a newer version or
 *   another program wrote it, or the disk does not let it be read and written.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { path, durability, log, onStopped } = options
  try {
    makeFolderOf(path)
    const unlock = lockFile(path)
    try {
      const headPath = headPathOf(path)
      const reservePath = reservePathOf(path)
      const stream = prepareWithReserve(options, headPath, reservePath)
      const files = identify(filesOf(path).lasting)
      const listeners = new Listeners(log)
      const writer = new Writer({
        committer: threadCommitter({ path, durability, headPath, files }),
        onEntries: (entries) => {
          listeners.call(entries)
        },
        onStopped,
      })
      const access = await Access.open(path, writer, () => {
        // Now there is the room that the write-ahead log had.
        keepReserve(reservePath)
        unlock()
      })
      keepReserve(reservePath)
      return storeOver(stream, access, listeners)
    } catch (error) {
      unlock()
      throw error
    }
  } catch (error) {
    throw new Error(`Cannot open ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** On a full disk there may be too little room even for reading: see `reserve.ts`. */
function prepareWithReserve(options: SqliteOptions, headPath: string, reserve: string): string {
  try {
    return prepareFile(options, headPath)
  } catch (error) {
    if (!lacksRoom(error) || !existsSync(options.path) || !giveReserve(reserve)) throw error
    options.log?.error(
      { path: options.path },
      'The disk is full: starting with the room that was kept for this; changes will be refused',
    )
    return prepareFile(options, headPath)
  }
}

/** @returns The name of the stream that is written. */
function prepareFile(
  { path, durability, stream, lostLogouts = 'refuse' }: SqliteOptions,
  headPath: string,
): string {
  const loss = findLoss(path, headPath)
  if (loss !== undefined && lostLogouts === 'refuse') throw new Error(`${loss}. ${REMEDY}`)
  const database = openForWriting(path, durability)
  try {
    migrate(database)
    ensureStream(database, stream)
    // Before the head says that nothing is missing.
    if (loss !== undefined) markUndecided(database, loss)
    if (loss !== undefined || !existsSync(headPath)) createHead(headPath, readEnd(database))
    freeClaims(database)
    return readStreams(database).at(-1)?.name ?? stream
  } finally {
    database.close()
  }
}

/** The store over any way into a database with this schema: a simulation has one without threads. */
export function storeOver(
  stream: string,
  access: Pick<Access, 'change' | 'find' | 'follow' | 'list' | 'copy' | 'close'>,
  listeners: Listeners,
): SqliteStore {
  return {
    stream,
    onCommitted: (listener) => listeners.add(listener),
    ...passedOn([...commands, ...commandsBesideLog], (name, ...input) =>
      access.change(name, ...input),
    ),
    ...passedOn(pointQueries, (name, ...input) => access.find(name, ...input)),
    ...passedOn(longQueries, (name, ...input) => access.list(name, ...input)),
    readStream: (...range) => access.follow('readStream', ...range),
    liveRevocations: (nowMs) => liveRevocations(access, nowMs),
    databaseTimeMs: () => Promise.resolve(undefined),
    ready: () => access.change('probe'),
    backup: (to) => access.copy('backup', to),
    close: () => access.close(),
  }
}

async function* liveRevocations(
  access: Pick<Access, 'list'>,
  nowMs: number,
): AsyncGenerator<readonly Revocation[]> {
  let after: LivePlace | undefined = { part: 'wide', scope: '', key: '' }
  while (after) {
    const request = { nowMs, after, limit: LIVE_CHUNK }
    const page: LivePage = await access.list('liveRevocations', request)
    if (page.entries.length > 0) yield page.entries
    after = page.next
  }
}
