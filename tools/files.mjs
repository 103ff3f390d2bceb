/** Looking at the files of a build. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Every file below a folder whose name ends so. */
export function filesBelow(folder, ending = '') {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/**
 * Removes what no entry point reaches: the declarations of what only code uses, and the code of
 * what has only types.
 *
 * @param {string[]} entries Their code; the declarations are beside it.
 */
export function removeUnreached(folder, entries) {
  const reached = new Set()
  const visit = (file) => {
    if (reached.has(file)) return
    reached.add(file)
    // Without comments, which hold examples.
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    for (const [, path] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[\w./-]+)['"]/g)) {
      const code = resolve(dirname(file), path)
      visit(file.endsWith('.d.ts') ? declarationsOf(code) : code)
    }
  }
  for (const entry of entries) {
    visit(entry)
    visit(declarationsOf(entry))
  }
  for (const file of filesBelow(folder)) if (!reached.has(file)) rmSync(file)
}

function declarationsOf(code) {
  return code.replace(/\.js$/, '.d.ts')
}
