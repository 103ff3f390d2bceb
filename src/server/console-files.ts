import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { staticFile, type StaticFiles } from '../http/static-files.ts'

/** Where the build leaves the console: beside a package's code, or in a checkout. */
const places = ['../../console/', '../../packages/console/dist/'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
)

/**
 * Reads the console's files when they are first asked for, and keeps them.
 *
 * @returns A function that gives undefined while there are none.
 */
export function consoleFilesReader(): () => Promise<StaticFiles | undefined> {
  let found: StaticFiles | undefined
  return async () => {
    for (const place of places) found ??= await filesIn(place)
    return found
  }
}

async function filesIn(place: string): Promise<StaticFiles | undefined> {
  try {
    await readFile(join(place, 'index.html'))
  } catch {
    return undefined
  }
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    paths.map(async (path) => {
      const name = relative(place, path).split(sep).join('/')
      return [name, staticFile(name, await readFile(path))] as const
    }),
  )
  return new Map(files)
}
