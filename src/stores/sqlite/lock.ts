/** One process serves one file. */
import { existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ensureFile } from './files.ts'
import { makeFolderOf } from './folder.ts'

const IN_USE = 'another process is using it'

function lockPathOf(path: string): string {
  return `${path}.lock`
}

/**
 * Takes the lock of a database file: a second, empty database beside it, held exclusively. The
 * system releases it when the process ends, however it ends, so a lock is never left behind.
 *
 * @returns A function that releases it.
 * @throws {Error} Where another process, or another store of this one, holds it.
 */
export function lockFile(path: string): () => void {
  const lockPath = lockPathOf(path)
  ensureFile(lockPath)
  const { ino } = statSync(lockPath)
  const database = new DatabaseSync(lockPath, { timeout: 0 })
  try {
    // Without a journal in memory a lock would need a second file, and a write to it.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    // Whoever gave the place up meanwhile has taken the file away, and another may have made its own.
    if (statSync(lockPath, { throwIfNoEntry: false })?.ino !== ino) throw new Error(IN_USE)
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) {
      throw new Error(IN_USE, { cause: error })
    }
    throw error
  }
  return () => {
    database.close()
  }
}

/** A place in which a database is to be put. */
export interface ClaimedPlace {
  /** The database is there: releases the lock. */
  release(): void
  /** There will be none: releases the lock, and takes away what was made for it. */
  giveUp(): void
}

/**
 * Takes the lock of a database file that need not be there, and makes its folder.
 *
 * @throws {Error} Like `lockFile` and `makeFolderOf`; then nothing was made.
 */
export function claimPlace(path: string): ClaimedPlace {
  const removeFolders = makeFolderOf(path)
  const isOwnLock = !existsSync(lockPathOf(path))
  try {
    const release = lockFile(path)
    return {
      release,
      giveUp() {
        // While it is held: nobody else can have it by now.
        if (isOwnLock) rmSync(lockPathOf(path), { force: true })
        release()
        removeFolders()
      },
    }
  } catch (error) {
    removeFolders()
    throw error
  }
}
