import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes the folder in which a database is to lie, where it is not there: for this user alone.
 *
 * @throws {Error} Where something else has its name, which Node calls a file that exists already.
 */
export function makeFolderOf(path: string): void {
  const folder = dirname(path)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${folder} is a file, and has to be a folder`, { cause: error })
  }
}
