/** One process serves one file. */
import { DatabaseSync } from 'node:sqlite'
import { ensureFile } from './files.ts'

/**
 * Takes the lock of a database file: a second, empty database beside it, held exclusively. The
 * system releases it when the process ends, however it ends, so a lock is never left behind.
 *
 * @returns A function that releases it.
 * @throws {Error} Where another process, or another store of this one, holds it.
 */
export function lockFile(path: string): () => void {
  const lockPath = `${path}.lock`
  ensureFile(lockPath)
  const database = new DatabaseSync(lockPath, { timeout: 0 })
  try {
    // Without a journal in memory a lock would need a second file, and a write to it.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) {
      throw new Error('another process is using it', { cause: error })
    }
    throw error
  }
  return () => {
    database.close()
  }
}
