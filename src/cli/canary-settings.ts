import { basename } from 'node:path'
import { canarySchema, crossProblems, type CanarySettings } from '../canary/index.ts'
import { readConfigFile, refuseProblems } from '../server/config-file.ts'
import { filledIn, laidOver, problemsOf } from '../settings/read.ts'
import { readText } from '../settings/text.ts'
import { settingsBelow } from '../settings/walk.ts'
import { CliError, exitCodes } from './exit.ts'

/** As text: what each may be is said by the schema of the settings. */
export interface CanaryFlags {
  readonly config?: string
  /** `name=url` each. */
  readonly path?: readonly string[]
  readonly stream?: readonly string[]
  readonly [option: string]: string | readonly string[] | true | undefined
}

/**
 * The settings of a canary: defaults, then the file, then the command line.
 *
 * @throws {CliError} `usage` where an option cannot be read.
 * @throws {ConfigError} Naming everything that cannot be used.
 */
export async function readCanarySettings(flags: CanaryFlags): Promise<CanarySettings> {
  const { config: path } = flags
  const file = path === undefined ? {} : await readConfigFile(path)
  const source = path === undefined ? undefined : basename(path)
  const said = saidBy(flags)
  refuseProblems([
    ...problemsOf(canarySchema, file, { name: '', source, partial: true }),
    ...said.flatMap(({ name, value, flag, schema }) =>
      problemsOf(schema, value, { name, source: flag, partial: false }),
    ),
  ])
  const layer = Object.fromEntries(said.map(({ name, value }) => [name, value]))
  const given = laidOver(canarySchema, file, layer)
  if ((given as Partial<CanarySettings>).paths === undefined) {
    throw new CliError(exitCodes.usage, 'no paths to watch: give --path, --stream or --config')
  }
  refuseProblems(problemsOf(canarySchema, given, { name: '', partial: false }))
  const settings = filledIn(canarySchema, given, false) as CanarySettings
  refuseProblems(crossProblems(settings))
  return settings
}

function saidBy(flags: CanaryFlags) {
  const paths = [
    ...(flags.path ?? []).map((text) => readPath(text, '--path')),
    ...(flags.stream ?? []).map((text) => ({ ...readPath(text, '--stream'), kind: 'stream' })),
  ]
  return settingsBelow(canarySchema).flatMap(({ name, schema }) => {
    const { flag = '' } = schema
    const text = flags[camelCase(flag)]
    if (name === 'paths') return paths.length === 0 ? [] : [{ name, value: paths, flag, schema }]
    if (typeof text !== 'string') return []
    const value = schema.unit === 'ms' ? readDuration(text, flag) : readText(schema, text)
    return [{ name, value, flag, schema }]
  })
}

/** `--probe-every` as commander names it. */
function camelCase(flag: string): string {
  return flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** `name=url`; of ws and wss URLs the kind is clear. */
function readPath(text: string, option: string): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(exitCodes.usage, `${option} takes <name>=<url>`)
  const url = text.slice(at + 1)
  return { name: text.slice(0, at), url, ...(/^wss?:/i.test(url) ? { kind: 'websocket' } : {}) }
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `20ms`, `5s`, `1m` or `1h`. */
function readDuration(text: string, flag: string): number {
  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  if (count === undefined) {
    throw new CliError(exitCodes.usage, `${flag} takes a time such as 20ms, 5s, 1m or 1h`)
  }
  return Number(count) * (units[unit] ?? 1)
}
