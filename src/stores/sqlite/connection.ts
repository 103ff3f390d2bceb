/** How a database file is opened, and which of SQLite's errors come from the world around it. */
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from '../../domain/failure.ts'
import { systemReason } from '../../domain/system-error.ts'
import { ensureFile } from './files.ts'
import { boundLog } from './log-size.ts'

export type Durability = 'full' | 'off'

/** How long the writer waits for another's lock; a shell that looks into the file holds one briefly. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Readers wait only for a program that locks the whole file, and block the thread they are on.
 */
const READ_TIMEOUT_MS = 100

/** Opens the connection that writes, creating the file for its owner alone where there is none. */
export function openForWriting(path: string, durability: Durability): DatabaseSync {
  // The companions (-wal, -shm) take their mode from this file.
  ensureFile(path)
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'OFF'}`)
    boundLog(database)
    database.exec('PRAGMA cache_size = -65536')
    database.exec('PRAGMA temp_store = MEMORY')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Opens a connection that can only read. It sees every commit that ended before it is asked. */
export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: READ_TIMEOUT_MS })
  database.exec('PRAGMA cache_size = -32768')
  database.exec('PRAGMA temp_store = MEMORY')
  return database
}

// Primary result codes, https://sqlite.org/rescode.html
const OUTSIDE: ReadonlyMap<number, string> = new Map([
  [3, 'this user has no permission: see who owns the data folder'],
  [5, 'another program has locked it: close whatever else has it open'],
  [6, 'another connection has locked it'],
  [7, 'there is no memory left'],
  [8, 'it may only be read: see its permissions, and whether its file system is mounted read-only'],
  [10, 'the disk reports an error: see the system log, and the room that is left'],
  [11, 'the file is damaged: restore a backup'],
  [13, 'the disk is full: make room, but delete nothing in the data folder'],
  [14, 'the file cannot be opened: see its permissions, and those of its folder'],
  [15, 'the locking protocol failed: use a local disk'],
  [22, 'the file is too large for this system'],
  [26, 'it is not a database'],
])

/** What failed in the world outside, in words for the operator; undefined for a fault of our own. */
export function outsideFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') {
    const words = OUTSIDE.get(error.errcode & 0xff)
    return words && `${words} (SQLite ${error.errcode})`
  }
  // Files that are opened without SQLite: ENOSPC, EACCES, EROFS …
  return systemReason(error)
}

/** The kinds after which the connection itself is not to be trusted and is opened anew. */
export function spoilsConnection(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) {
    return false
  }
  return ![5, 6, 13].includes(error.errcode & 0xff)
}

/** Why it failed, for a message; what SQLite says itself is often less clear. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal && 'reason' in error.failure) return error.failure.reason
  return outsideFailure(error) ?? (error instanceof Error ? error.message : 'unknown')
}
