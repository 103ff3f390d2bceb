import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemReason } from '../domain/system-error.ts'
import { parseStrictJson } from '../settings/strict-json.ts'

/** Some editors begin a text with it. It is no part of JSON (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = /^\uFEFF/

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
    // Read in any case: an import says of a file that is not there how modules are resolved.
    const text = await readFile(path, 'utf8')
    if (path.endsWith('.json')) return parseStrictJson(text.replace(BYTE_ORDER_MARK, ''))
    if (!/\.[cm]?[jt]s$/.test(path)) throw new Error('its name has to end in .ts, .js or .json')
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
    if (module.default === undefined) throw new Error('it has no default export')
    return module.default
  } catch (error) {
    const reason = systemReason(error) ?? (error instanceof Error ? error.message : String(error))
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
