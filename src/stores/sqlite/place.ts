/** Giving a database that was made beside it the place of another one. */
import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { syncFolderOf } from './files.ts'
import { createHead, headPathOf, removeHead } from './head.ts'
import { readEnd } from './lost-files.ts'

/**
 * Renames a database that is whole and on the disk. Whatever breaks off in between, what is in
 * place is one of the two databases, and a head that does not belong to it is not.
 */
export function putInPlace(made: string, path: string): void {
  // Not only for reading: such a connection leaves its -wal and -shm behind, under the old name.
  const database = new DatabaseSync(made)
  const end = readEnd(database)
  database.close()
  const headPath = headPathOf(path)
  removeHead(headPath)
  renameSync(made, path)
  syncFolderOf(path)
  createHead(headPath, end)
}
