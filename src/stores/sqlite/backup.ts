/** A consistent copy of a database that is being served, as one file. */
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createFile, syncFolderOf, syncToDisk } from './files.ts'
import { beginStream, freshStreamName, readStreams } from './streams.ts'
import { markUndecided } from './undecided.ts'

/**
 * Copies what was committed when it begins. The copy begins a stream of its own: a server that runs
 * on it must not assign numbers that the original has assigned since.
 *
 * @param database A connection that can only read.
 * @param to The file; it must not exist.
 */
export function backUp(database: DatabaseSync, to: string): void {
  createFile(to)
  try {
    // Writes into a file that is there and empty; it does not ask the disk whether it arrived.
    database.prepare('VACUUM INTO ?').run(to)
    const copy = new DatabaseSync(to)
    try {
      beginStream(copy, freshStreamName(readStreams(copy)))
      markUndecided(copy, 'this database is a backup, and lacks what was logged out since')
    } finally {
      copy.close()
    }
    syncToDisk(to)
    syncFolderOf(to)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}
