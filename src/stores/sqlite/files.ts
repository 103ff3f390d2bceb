/** Small steps with files that have to be on the disk, not only on their way to it. */
import { closeSync, constants, fsyncSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

/** Creates an empty file for its owner alone. Throws EEXIST where there is one. */
export function createFile(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600))
}

/** Creates the file for its owner alone unless it is there. */
export function ensureFile(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
}

/** Waits until a file, or the names in a folder, are on the disk. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function syncFolderOf(path: string): void {
  syncToDisk(dirname(path))
}

/** Removes a database that nobody has open. */
export function removeDatabase(path: string): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true })
}
