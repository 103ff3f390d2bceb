/**
 * Configuration: defaults, file, environment and command line in, one frozen object out. Whatever
 * is wrong is said at the start, by its name, all of it at once, and nothing is guessed.
 */
import { basename } from 'node:path'
import { nearest } from '../settings/nearest.ts'
import { filledIn, isPlainObject, laidOver, problemsOf } from '../settings/read.ts'
import type { Given } from '../settings/schema.ts'
import { readText } from '../settings/text.ts'
import { settingsBelow, type NamedSetting } from '../settings/walk.ts'
import { readConfigFile, refuseProblems } from './config-file.ts'
import { crossProblems, customProblems } from './config-rules.ts'
import { configSchema, type Settings } from './config-schema.ts'
import type { GivenIssuer } from './issuer-settings.ts'

/** Every setting as it is used. */
export type Config = Settings & {
  /** Without brackets around an IPv6 address. */
  readonly host: string
  /** Public URL, without a slash at the end. */
  readonly issuer: string
}

/** What a configuration file exports as default (TypeScript) or holds (JSON): any part of it. */
export type ConfigFile = Given<Omit<Settings, 'issuers'>> & {
  readonly issuers?: readonly GivenIssuer[]
}

export { ConfigError } from './config-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the command line says: `--port` and its like, each with its text; `true` for a bare one. */
export type Flags = Readonly<Record<string, string | true | undefined>>

export interface Overrides extends ConfigFile {
  /** Path of the configuration file; wins over `OUTRIGHT_CONFIG`. */
  readonly configPath?: string | undefined
}

/** Variables that are not settings: where the file is, and where commands find the server. */
const otherVariables = ['OUTRIGHT_CONFIG', 'OUTRIGHT_URL']

const named = settingsBelow(configSchema)

/** A configuration whose settings are each well-formed, and why no server may start with it. */
export interface ReadConfig {
  readonly config: Config
  /** Each by the name of its setting; a server starts where there is none. */
  readonly problems: readonly string[]
}

/**
 * Reads the configuration of a server: {@link readConfig}, without a problem.
 *
 * @throws {ConfigError} Naming every setting that cannot be used, what was given, and what is
 *   allowed.
 */
export async function loadConfig(
  environment: Environment,
  overrides: Overrides = {},
  flags: Flags = {},
): Promise<Config> {
  const { config, problems } = await readConfig(environment, overrides, flags)
  refuseProblems(problems)
  return config
}

/**
 * Reads the configuration: defaults, then the file, then the environment, then the command line.
 *
 * @param environment `OUTRIGHT_…` variables, of which none may be unknown; others are not looked
 *   at.
 * @param overrides What the caller says in code; wins over everything but the command line.
 * @param flags What the command line says, as text.
 * @throws {ConfigError} Naming every setting that is not well-formed, what was given, and what is
 *   allowed.
 */
export async function readConfig(
  environment: Environment,
  overrides: Overrides = {},
  flags: Flags = {},
): Promise<ReadConfig> {
  const { configPath = environment['OUTRIGHT_CONFIG'] || undefined, ...rest } = overrides
  const file = configPath === undefined ? {} : await readConfigFile(configPath)
  const source = configPath === undefined ? undefined : basename(configPath)
  const variables = named.flatMap((setting) => said(setting, setting.schema.variable, environment))
  const options = named.flatMap((setting) => said(setting, setting.schema.flag, flags))
  refuseProblems([
    ...problemsOf(configSchema, file, { name: '', source, partial: true }),
    ...variableProblems(environment),
    ...problemsOf(configSchema, rest, { name: '', partial: true }),
    ...[...variables, ...options].flatMap(({ setting, value, source: name }) =>
      problemsOf(setting.schema, value, { name: setting.name, source: name, partial: false }),
    ),
  ])
  let given: unknown = file
  for (const layer of [...variables.map(nested), rest, ...options.map(nested)]) {
    given = laidOver(configSchema, given, layer)
  }
  refuseProblems(problemsOf(configSchema, given, { name: '', partial: false }))
  return complete(given as ConfigFile)
}

function complete(given: ConfigFile): ReadConfig {
  const { demo = false } = given
  refuseProblems(customProblems(given))
  const settings = filledIn(configSchema, given, demo) as Settings
  const host = settings.host.replace(/^\[(.*)\]$/, '$1')
  const issuer = settings.issuer ?? `http://${hostInUrl(host)}:${String(settings.port)}`
  const config = frozen({ ...settings, host, issuer: issuer.replace(/\/+$/, '') })
  return { config, problems: crossProblems(settings) }
}

/** A zone index has no meaning for remote callers, and no place in a URL (WHATWG). */
function hostInUrl(host: string): string {
  const [address = ''] = host.split('%')
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1'
  return address.includes(':') ? `[${address}]` : address
}

/** What a variable or an option says of a setting. */
interface Said {
  readonly setting: NamedSetting
  readonly value: unknown
  readonly source: string
}

function said(
  setting: NamedSetting,
  source: string | undefined,
  texts: Environment | Flags,
): readonly Said[] {
  const text = source === undefined ? undefined : texts[source]
  if (source === undefined || text === undefined) return []
  return [{ setting, value: text === true ? true : readText(setting.schema, text), source }]
}

function nested({ setting, value }: Said): unknown {
  return setting.path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
}

/**
 * Kubernetes describes every service to every pod: one named `outright` or `outright-x` gives
 * these.
 */
const SERVICE_LINK =
  /^OUTRIGHT_(?:[A-Z0-9_]+_)?(?:SERVICE_(?:HOST|PORT)(?:_.*)?|PORT_\d+_(?:TCP|UDP).*)$/

function variableProblems(environment: Environment): readonly string[] {
  const known = [...named.flatMap(({ schema }) => schema.variable ?? []), ...otherVariables]
  return Object.keys(environment)
    .filter((name) => name.startsWith('OUTRIGHT_') && environment[name] !== undefined)
    .flatMap((name) => {
      if (SERVICE_LINK.test(name)) {
        return `${name} is not a variable of Outright; Kubernetes sets it for a service named outright: set enableServiceLinks: false for the pod`
      }
      if (known.includes(name)) {
        // Others say it themselves: what they allow is not empty.
        return otherVariables.includes(name) && environment[name] === '' ? `${name} is empty` : []
      }
      const close = nearest(name, known)
      const help = close === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${close}?`
      return `${name} is not a variable of Outright; ${help}`
    })
}

function frozen(config: Config): Config {
  const freeze = (value: unknown): void => {
    if (!isPlainObject(value) && !Array.isArray(value)) return
    for (const inner of Object.values(value)) freeze(inner)
    Object.freeze(value)
  }
  const { customDialects, receivers, ...own } = config
  freeze(own)
  // What makes a dialect or a receiver belongs to its author.
  return Object.freeze({
    ...own,
    customDialects: Object.freeze([...customDialects]),
    receivers: Object.freeze([...receivers]),
  })
}
