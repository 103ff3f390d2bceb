/** Putting a backup in the place of a database that no server has open. */
import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { openForWriting, outsideFailure, reasonOf } from './connection.ts'
import { createFile, syncToDisk } from './files.ts'
import { claimPlace } from './lock.ts'
import { carryOver } from './carry-over.ts'
import { migrate } from './migrations.ts'
import { putInPlace } from './place.ts'
import { beginStream, freshStreamName, readStreams } from './streams.ts'
import { verifyFile } from './verify-file.ts'

export interface RestoreOutcome {
  /**
   * Logouts and other entries that were taken over from the database that was there; undefined
   * where that was not possible. Then the restored database lacks what was logged out since the
   * backup, and no server starts on it until an operator has decided.
   */
  readonly carried: number | undefined
  /** Entries of the log whose chain was verified. */
  readonly entries: number
  /** The stream that the restored database writes from now on. */
  readonly stream: string
  /** Where the database that was there before is kept; undefined where there was none. */
  readonly kept: string | undefined
}

/**
 * Verifies a backup and puts it in the place of a database file. The file that was there is kept
 * beside it. Entries get numbers in a new stream, so that no verifier mistakes them for those that
 * were written after the backup was made; every verifier takes a new snapshot.
 *
 * What was logged out after the backup is carried over from the database that was there. Where
 * there was none, or it cannot be relied on, the restored one is marked (`undecided.ts`).
 *
 * @param from The backup; it is only read.
 * @param to The database file of the server, which must not be running.
 * @throws {Error} Where a server uses `to`, the backup is damaged, its chain is broken, or a newer
 *   version wrote it. Nothing has changed then.
 */
export function restoreSqlite(from: string, to: string): RestoreOutcome {
  try {
    if (!existsSync(from)) throw new Error('there is no such file')
    const place = claimPlace(to)
    try {
      const outcome = replace(from, to)
      place.release()
      return outcome
    } catch (error) {
      place.giveUp()
      throw error
    }
  } catch (error) {
    throw new Error(`Cannot restore ${from} to ${to}: ${reasonOf(error)}`, { cause: error })
  }
}

function replace(from: string, to: string): RestoreOutcome {
  const copy = `${to}.restoring`
  try {
    rmSync(copy, { force: true })
    createFile(copy)
    copyFileSync(from, copy)
    const { entries, stream } = prepareCopy(copy)
    const carried = carryOver(to, copy)
    syncToDisk(copy)
    const kept = keep(to)
    putInPlace(copy, to)
    return { entries, carried, stream, kept }
  } catch (error) {
    for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(name, { force: true })
    throw error
  }
}

/** Checks the copy, not the original: what was checked is then what is served. */
function prepareCopy(copy: string): { entries: number; stream: string } {
  const entries = verifyFile(copy)
  const database = openForWriting(copy, 'full')
  try {
    migrate(database)
    const stream = freshStreamName(readStreams(database))
    beginStream(database, stream)
    return { entries, stream }
  } finally {
    database.close()
  }
}

/** Gives the old database a second name before the first one is taken away from it. */
function keep(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  foldLogIn(path)
  let number = 1
  while (existsSync(`${path}.before-restore-${number}`)) number += 1
  const kept = `${path}.before-restore-${number}`
  for (const companion of ['-wal', '-shm']) {
    // Left where the file is damaged. It must not lie beside the restored file, whose log it is not.
    if (existsSync(path + companion)) renameSync(path + companion, kept + companion)
  }
  try {
    linkSync(path, kept)
  } catch {
    // A file system without second names.
    copyFileSync(path, kept)
    syncToDisk(kept)
  }
  return kept
}

/** After `kill -9` the last commits are in the write-ahead log alone; closing folds it in. */
function foldLogIn(path: string): void {
  try {
    openForWriting(path, 'full').close()
  } catch (error) {
    if (outsideFailure(error) === undefined) throw error
    // Damaged, which may be why it is replaced: it is kept as it is.
  }
}
