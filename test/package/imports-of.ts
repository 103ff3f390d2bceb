import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * The packages and Node's modules that a file imports or requires, by whatever it imports of its
 * own.
 *
 * @param seen The files that were read.
 */
export async function importsOf(
  file: string,
  seen: Set<string> = new Set(),
): Promise<readonly string[]> {
  const packages = new Set<string>()
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.add(path)
    assert.ok(existsSync(path), `${path} is not there`)
    // Comments hold examples.
    const text = (await readFile(path, 'utf8')).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    const specifiers = /\b(?:from|import|require)\s*\(?\s*['"]([@\w./:-]+)['"]/g
    for (const [, specifier = ''] of text.matchAll(specifiers)) {
      if (specifier.startsWith('.')) await visit(target(path, specifier))
      else packages.add(specifier)
    }
  }
  await visit(file)
  return [...packages].toSorted()
}

/** `@scope/name/part` → `@scope/name`; Node's modules stay as they are. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function target(path: string, specifier: string): string {
  const file = resolve(dirname(path), specifier)
  return path.endsWith('.d.ts') ? file.replace(/\.js$/, '.d.ts') : file
}
