/**
 * Configuration: environment and file in, one frozen object out. Whatever is wrong is said at the
 * start, by its name, and nothing is guessed.
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DialectContext } from '../http/context.ts'
import type { Dialect } from '../http/dialect.ts'
import { parseRange } from '../http/client-address.ts'
import type { AdobePassOptions } from '../http/dialects/adobe-pass/index.ts'
import type { BaanxOptions } from '../http/dialects/baanx/index.ts'
import type { DirectLinkOptions } from '../http/dialects/directlink/index.ts'
import type { ForwardAuthOptions } from '../http/dialects/forward-auth/index.ts'
import type { MatarOptions } from '../http/dialects/matar/index.ts'
import type { OctopusOptions } from '../http/dialects/octopus/index.ts'
import type { SigningKey } from '../ports/store.ts'

/** Where a dialect is served and how it behaves. */
export interface DialectConfig<Options> {
  /** Default true. */
  readonly enabled: boolean
  /** Path before all of its own, such as `/matar`; default none: its documented paths. */
  readonly prefix: string
  /** Host name under which alone it is served; default: any. */
  readonly host?: string
  /**
   * Origins whose pages may call it, such as `https://app.example`; `*` is any. Default: none, but
   * for Adobe Pass, whose documents let any, and Baanx in the demo.
   */
  readonly origins?: readonly string[]
  readonly options: Partial<Options>
}

export interface DialectConfigs {
  readonly directlink: DialectConfig<DirectLinkOptions>
  readonly matar: DialectConfig<MatarOptions>
  readonly octopus: DialectConfig<OctopusOptions>
  readonly adobePass: DialectConfig<AdobePassOptions>
  readonly baanx: DialectConfig<BaanxOptions>
}

export interface Config {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Folder of the SQLite database. */
  readonly dataDir: string
  /** PostgreSQL when set. */
  readonly databaseUrl: string | undefined
  /** Name of this node, the same after a restart, its own among all nodes of a database. */
  readonly node: string
  /** Public URL, without a slash at the end. */
  readonly issuer: string
  /** Bearer token of the admin API; undefined: the admin API refuses everybody. */
  readonly adminToken: string | undefined
  /** Bearer token of `/metrics`, 16 characters at least; undefined: they are open to everybody. */
  readonly metricsToken: string | undefined
  readonly demo: boolean
  /** Multiplies every documented rate limit. */
  readonly rateLimitFactor: number
  /** Addresses or CIDR ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** Added to `aud` of every access token. */
  readonly audiences: readonly string[]
  readonly signingAlgorithm: SigningKey['algorithm']
  readonly passwordCost: { readonly memoryKiB: number; readonly passes: number }
  /** Where one-time passwords go: the console (demo only) or a webhook. */
  readonly otpSender:
    | { readonly kind: 'console' }
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
    | { readonly kind: 'none' }
  /**
   * Keys under which the signing keys are wrapped in the database, in one of three ways: the keys
   * themselves (32 bytes, base64 or hexadecimal), a file, or a command that prints them, of a KMS
   * for one. The first wraps, all unwrap. Default: none, and signing keys lie in the clear.
   */
  readonly keyEncryption: {
    readonly keys: readonly string[]
    readonly file: string
    readonly command: readonly string[]
  }
  /**
   * What to do with a database that may lack logouts which were answered: a restored backup, or one
   * whose files were lost. `refuse`, the default, does not start on it.
   */
  readonly afterRestore: 'refuse' | 'end-everyone' | 'accept-lost-logouts'
  /** `off` answers before the disk has it. For benchmarks alone: it breaks the promise. */
  readonly durability: 'full' | 'off'
  /** A guard's lease and how often it renews it, in milliseconds. */
  readonly leaseMs: number
  readonly renewMs: number
  /** One line of JSON a request on standard output. Default true. */
  readonly accessLog: boolean
  /** How proxies that ask `/outright/v1/check` are answered. */
  readonly forwardAuth: Partial<ForwardAuthOptions>
  readonly dialects: DialectConfigs
  /** Dialects of your own, each a function that makes one: see `docs/dialects.md`. */
  readonly customDialects: readonly CustomDialect[]
}

/** Makes a dialect from what every dialect is made from. */
export type CustomDialect = (context: DialectContext) => Dialect

/** What a configuration file exports as default (TypeScript) or holds (JSON): any part of it. */
export type ConfigFile = DeepPartial<Config>

export type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] | undefined
    ? T[K]
    : T[K] extends object
      ? DeepPartial<T[K]>
      : T[K]
}

const dialectNames = ['directlink', 'matar', 'octopus', 'adobePass', 'baanx'] as const

function defaults(demo: boolean): Config {
  const dialect = { enabled: true, prefix: '', options: {} }
  return {
    host: '127.0.0.1',
    port: 8080,
    dataDir: './data',
    databaseUrl: undefined,
    node: hostname(),
    issuer: '',
    adminToken: demo ? 'outright-demo-admin' : undefined,
    metricsToken: undefined,
    demo,
    rateLimitFactor: demo ? 50 : 1,
    trustedProxies: [],
    audiences: demo ? ['demo-api'] : [],
    signingAlgorithm: 'ES256',
    passwordCost: { memoryKiB: 19_456, passes: 2 },
    otpSender: demo ? { kind: 'console' } : { kind: 'none' },
    afterRestore: 'refuse',
    keyEncryption: { keys: [], file: '', command: [] },
    durability: 'full',
    leaseMs: 2000,
    renewMs: 500,
    accessLog: true,
    forwardAuth: {},
    customDialects: [],
    dialects: {
      directlink: dialect,
      matar: dialect,
      octopus: dialect,
      adobePass: dialect,
      baanx: dialect,
    },
  }
}

/** A configuration that cannot be used, said so that the operator can mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the configuration: defaults, then the file, then the environment, then the command line.
 *
 * @param environment `OUTRIGHT_…` variables; others are not looked at.
 * @param overrides What the command line says.
 * @throws {ConfigError} Naming the setting and what is wrong with it.
 */
export async function loadConfig(
  environment: Environment,
  overrides: ConfigFile & { readonly configPath?: string | undefined } = {},
): Promise<Config> {
  const { configPath = environment['OUTRIGHT_CONFIG'], ...rest } = overrides
  const file = configPath === undefined ? {} : await readConfigFile(configPath)
  const demo = rest.demo ?? file.demo ?? false
  let config: unknown = defaults(demo)
  for (const layer of [file, fromEnvironment(environment), rest]) config = merge(config, layer)
  return validate(config as Config)
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8')) as ConfigFile
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: ConfigFile }
    if (module.default === undefined) throw new Error('it has no default export')
    return module.default
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`Cannot read configuration file ${path}: ${reason}`)
  }
}

function fromEnvironment(environment: Environment): ConfigFile {
  const text = (name: string): string | undefined => environment[name] || undefined
  const number = (name: string): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const parsed = Number(value)
    if (!Number.isFinite(parsed))
      throw new ConfigError(`Cannot use ${name}: "${value}" is no number`)
    return parsed
  }
  const layer: Record<string, unknown> = {
    host: text('OUTRIGHT_HOST'),
    port: number('OUTRIGHT_PORT'),
    dataDir: text('OUTRIGHT_DATA'),
    databaseUrl: text('OUTRIGHT_DATABASE_URL'),
    node: text('OUTRIGHT_NODE'),
    issuer: text('OUTRIGHT_ISSUER'),
    adminToken: text('OUTRIGHT_ADMIN_TOKEN'),
    metricsToken: text('OUTRIGHT_METRICS_TOKEN'),
    rateLimitFactor: number('OUTRIGHT_RATE_LIMIT_FACTOR'),
    afterRestore: text('OUTRIGHT_AFTER_RESTORE'),
    keyEncryption: {
      keys: text('OUTRIGHT_KEY_ENCRYPTION_KEY')?.split(','),
      file: text('OUTRIGHT_KEY_ENCRYPTION_KEY_FILE'),
    },
  }
  return layer
}

/** Deep merge of plain objects; undefined leaves what is there, arrays are replaced whole. */
function merge(base: unknown, layer: unknown): unknown {
  if (layer === undefined) return base
  if (!isPlainObject(base) || !isPlainObject(layer)) return layer
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(layer)) merged[name] = merge(merged[name], value)
  return merged
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function validate(config: Config): Config {
  const known = new Set(Object.keys(defaults(false)))
  for (const name of Object.keys(config)) {
    check(known.has(name), name, 'there is no such setting')
  }
  check(
    Number.isInteger(config.port) && config.port >= 0 && config.port <= 65_535,
    'port',
    'it is not a port number',
  )
  check(/^[\w.-]{1,64}$/.test(config.node), 'node', 'it is not 1 to 64 letters, digits, _ . -')
  // Its text holds a password.
  check(
    config.databaseUrl === undefined || /^postgres(?:ql)?:\/\//.test(config.databaseUrl),
    'databaseUrl',
    'it does not begin with postgres://',
  )
  // Its text is a secret.
  check(
    config.metricsToken === undefined || /^[\w.~+/-]{16,512}=*$/.test(config.metricsToken),
    'metricsToken',
    'it is not 16 to 512 letters, digits and - . _ ~ + /',
  )
  check(config.rateLimitFactor > 0, 'rateLimitFactor', 'it is not greater than 0')
  check(
    ['ES256', 'EdDSA', 'RS256'].includes(config.signingAlgorithm),
    'signingAlgorithm',
    'it is none of ES256, EdDSA, RS256',
  )
  check(
    ['refuse', 'end-everyone', 'accept-lost-logouts'].includes(config.afterRestore),
    'afterRestore',
    'it is none of refuse, end-everyone, accept-lost-logouts',
  )
  check(config.leaseMs >= 200 && config.leaseMs <= 60_000, 'leaseMs', 'it is not 200 to 60000')
  check(
    config.renewMs >= 20 && config.renewMs * 2 <= config.leaseMs,
    'renewMs',
    'it is not 20 to half of leaseMs',
  )
  for (const range of config.trustedProxies) {
    try {
      parseRange(range)
    } catch (error) {
      throw new ConfigError(`Cannot use trustedProxies: ${(error as Error).message}`)
    }
  }
  checkPlaces(config.dialects)
  check(
    config.demo || config.otpSender.kind !== 'console',
    'otpSender',
    'the console sender shows passwords and is for the demo alone',
  )
  const issuer = checkedIssuer(config)
  return deepFreeze({ ...config, issuer })
}

/** Where the dialects are served, and to whose pages. */
function checkPlaces(dialects: DialectConfigs): void {
  for (const name of Object.keys(dialects)) {
    check((dialectNames as readonly string[]).includes(name), `dialects.${name}`, 'no such dialect')
  }
  for (const name of dialectNames) {
    const { prefix, origins = [] } = dialects[name]
    check(
      prefix === '' || /^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix),
      `dialects.${name}.prefix`,
      'it is not a path such as /name',
    )
    for (const origin of origins) {
      check(
        origin === '*' || isOrigin(origin),
        `dialects.${name}.origins`,
        `"${origin}" is not an origin such as https://app.example`,
      )
    }
  }
}

/** As browsers send it: scheme, host and port, in lower case and without what goes without saying. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.parse(text)?.origin === text
}

function checkedIssuer(config: Config): string {
  const issuer = config.issuer || `http://${hostInUrl(config.host)}:${String(config.port)}`
  const url = URL.parse(issuer)
  check(
    url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.search === '',
    'issuer',
    `"${issuer}" is not an http(s) URL`,
  )
  return issuer.replace(/\/+$/, '')
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

function check(condition: boolean, name: string, problem: string): asserts condition {
  if (!condition) throw new ConfigError(`Cannot use setting ${name}: ${problem}`)
}

function deepFreeze<T>(value: T): T {
  if (isPlainObject(value) || Array.isArray(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
