import { mkdirSync, rmdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes the folder in which a database is to lie, where it is not there: for this user alone.
 *
 * @returns Takes away what was made, unless something else has come to lie there.
 * @throws {Error} Where something else has its name, which Node calls a file that exists already.
 */
export function makeFolderOf(path: string): () => void {
  const folder = dirname(path)
  try {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    return () => {
      if (first !== undefined) removeFolders(folder, first)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${folder} is a file, and has to be a folder`, { cause: error })
  }
}

/** From the innermost to the first that was made. */
function removeFolders(innermost: string, first: string): void {
  try {
    for (let folder = resolve(innermost); ; folder = dirname(folder)) {
      rmdirSync(folder)
      if (folder === resolve(first)) return
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
}
