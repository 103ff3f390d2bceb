/** Putting a backup in the place of a database that nobody is serving. */
import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { chainStart, followChain } from '../../domain/chain.ts'
import { openForWriting, outsideFailure, reasonOf } from './connection.ts'
import { createFile, syncFolderOf, syncToDisk } from './files.ts'
import { lockFile } from './lock.ts'
import { logLongReader, logPointReader } from './log-lists.ts'
import { migrate, schemaVersion } from './migrations.ts'
import { beginStream, freshStreamName, readStreams } from './streams.ts'

export interface RestoreOutcome {
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
 * What was logged out after the backup is not logged out in it: end everyone's sessions afterwards
 * if that matters.
 *
 * @param from The backup; it is only read.
 * @param to The database file of the server, which must not be running.
 * @throws {Error} Where a server uses `to`, the backup is damaged, its chain is broken, or a newer
 *   version wrote it. Nothing has changed then.
 */
export function restoreSqlite(from: string, to: string): RestoreOutcome {
  try {
    if (!existsSync(from)) throw new Error('there is no such file')
    const unlock = lockFile(to)
    try {
      return replace(from, to)
    } finally {
      unlock()
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
    syncToDisk(copy)
    const kept = keep(to)
    renameSync(copy, to)
    syncFolderOf(to)
    return { entries, stream, kept }
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

function verifyFile(path: string): number {
  const database = new DatabaseSync(path)
  try {
    const rows = database.prepare('PRAGMA integrity_check(1)').all()
    const verdict = rows[0]?.['integrity_check']
    if (verdict !== 'ok') throw new Error(String(verdict))
    if (schemaVersion(database) === 0) throw new Error('it is empty')
    migrate(database)
    return verifyLog(database)
  } finally {
    database.close()
  }
}

function verifyLog(database: DatabaseSync): number {
  const { readStream } = logLongReader(database)
  let entries = 0
  for (const [stream, until] of logPointReader(database).head(undefined)) {
    let last = chainStart
    while (last.sequence < until) {
      const page = readStream({ stream, afterSequence: last.sequence, limit: 10_000 })
      const check = followChain(last, page, (text) => hash('sha256', text, 'base64url'))
      if (check.kind === 'broken' || page.length === 0) {
        const problem = check.kind === 'broken' ? check.problem : 'the entry is missing'
        const sequence = check.kind === 'broken' ? check.sequence : last.sequence + 1
        throw new Error(`entry ${sequence} of stream ${stream} of its log: ${problem}`)
      }
      last = check.last
    }
    entries += until
  }
  return entries
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
