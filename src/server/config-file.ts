import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseStrictJson } from '../settings/strict-json.ts'

/**
 * A configuration that cannot be used, with a message that tells the operator how to correct it.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * What a configuration file says: the default export of a TypeScript file, or what a JSON file
 * holds.
 *
 * @throws {ConfigError} Where it cannot be read.
 */
export async function readConfigFile(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return parseStrictJson(await readFile(path, 'utf8'))
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
    if (module.default === undefined) throw new Error('it has no default export')
    return module.default
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`Cannot read configuration file ${path}: ${reason}`)
  }
}

/** @throws {ConfigError} Unless there is no problem. */
export function refuseProblems(problems: readonly string[]): void {
  const [first] = problems
  if (first === undefined) return
  throw new ConfigError(
    problems.length === 1
      ? `Cannot use a setting: ${first}`
      : `Cannot use ${String(problems.length)} settings:\n${problems.map((one) => `  ${one}`).join('\n')}`,
  )
}
