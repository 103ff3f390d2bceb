/**
 * Room for a start on a full disk: a file that holds nothing and takes a megabyte.
 *
 * A server that runs when its disk becomes full goes on checking tokens. One that is started then
 * needs a little room before it can read at all: SQLite makes a write-ahead log and its index.
 * Giving this file up makes that room. Whatever is left of it takes a few logouts, after which they
 * are refused until there is room again.
 */
import { randomBytes } from 'node:crypto'
import { rmSync, statSync, writeFileSync } from 'node:fs'

const RESERVE_BYTES = 1 << 20

export function reservePathOf(databasePath: string): string {
  return `${databasePath.replace(/\.db$/, '')}.reserve`
}

/** Makes the file where there is none and there is room for it. */
export function keepReserve(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === RESERVE_BYTES) return
  try {
    // Not zeros, which some file systems store in no room at all.
    writeFileSync(path, randomBytes(RESERVE_BYTES), { mode: 0o600 })
  } catch {
    // There is no room now. Part of it would be of little use and would be in the way.
    rmSync(path, { force: true })
  }
}

/** Gives the room back. False where there was none to give. */
export function giveReserve(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false
  rmSync(path)
  return true
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: the index of the write-ahead log found no room. */
const SQLITE_CODES: ReadonlySet<unknown> = new Set([13, 4874])
const SYSTEM_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** Whether an error says that the disk has no room left. */
export function lacksRoom(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown }
  return SQLITE_CODES.has(errcode) || SYSTEM_CODES.has(code)
}
