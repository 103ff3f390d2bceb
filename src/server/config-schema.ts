/**
 * Every setting of a server, with what is allowed and its default.
 */
import { hostname } from 'node:os'
import { MAX_LEASE_MS } from '../feed/settings.ts'
import { isListenHost, rangeProblem } from '../http/client-address.ts'
import type { SigningKey } from '../ports/store.ts'
import {
  checkedText,
  choice,
  duration,
  flag,
  group,
  httpUrl,
  integer,
  kinds,
  list,
  number,
  optional,
  text,
  together,
  type Group,
  type Setting,
} from '../settings/schema.ts'
import { issuerSchema, type IssuerSettings } from './issuer-settings.ts'
import { ownReceiversSetting, type OwnReceiver } from './own-receivers.ts'
import { surfaceSchema, type SurfaceSettings } from './surface-settings.ts'

/** Where one-time passwords go: the console (demo only) or a webhook. */
export type OtpSenderSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'console' }
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }

/** What the node reads; what each does is written in the schema below. */
interface NodeSettings {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly databaseUrl?: string
  readonly node: string
  readonly issuer?: string
  readonly demo: boolean
  readonly rateLimitFactor: number
  readonly trustedProxies: readonly string[]
  readonly allowedPrivateAddresses: readonly string[]
  readonly audiences: readonly string[]
  readonly signingAlgorithm: SigningKey['algorithm']
  readonly passwordCost: { readonly memoryKiB: number; readonly passes: number }
  readonly otpSender: OtpSenderSetting
  /** One of the three at most. */
  readonly keyEncryption: {
    readonly keys?: readonly string[]
    readonly file?: string
    readonly command?: readonly string[]
  }
  readonly afterRestore: 'refuse' | 'end-everyone' | 'accept-lost-logouts'
  readonly logRetentionDays: number
  readonly durability: 'full' | 'off'
  readonly leaseMs: number
  readonly renewMs: number
  readonly accessLog: boolean
  readonly issuers: readonly IssuerSettings[]
  readonly foreignSessions: { readonly enabled: boolean; readonly maxKept: number }
  readonly receivers: readonly OwnReceiver[]
}

/** Every setting. */
export type Settings = NodeSettings & SurfaceSettings

const nodeName = String.raw`^[\w.-]{1,64}$`

const nodeSchema: Group<NodeSettings> = group<NodeSettings>({
  host: checkedText(
    {
      description: 'address to listen on',
      default: '127.0.0.1',
      variable: 'OUTRIGHT_HOST',
      flag: '--host',
      allowed: 'an IP address or a host name',
    },
    isListenHost,
  ),
  port: integer({
    description: 'port to listen on; 0 takes any free one',
    default: 8080,
    defaultText: '`8080`',
    minimum: 0,
    maximum: 65_535,
    variable: 'OUTRIGHT_PORT',
    flag: '--port',
  }),
  dataDir: text({
    description: 'folder of the SQLite database',
    default: './data',
    variable: 'OUTRIGHT_DATA',
    flag: '--data',
    allowed: 'a folder',
  }),
  databaseUrl: optional(
    checkedText(
      {
        description: 'PostgreSQL instead of SQLite',
        variable: 'OUTRIGHT_DATABASE_URL',
        secret: true,
        allowed: 'a URL that begins with postgres:// or postgresql://',
      },
      (value) => /^postgres(?:ql)?:\/\/./.test(value),
    ),
  ),
  node: text({
    description: 'name of this node among those of one database, the same after a restart',
    // Without a default where the host's name cannot be one: then a name has to be given.
    ...(new RegExp(nodeName).test(hostname()) ? { default: hostname() } : {}),
    defaultText: "the host's name",
    variable: 'OUTRIGHT_NODE',
    pattern: nodeName,
    allowed: '1 to 64 letters, digits, `_`, `.`, `-`',
  }),
  issuer: optional(
    httpUrl(
      {
        description: 'the public URL: `iss` of tokens, base of links',
        defaultText: '`http://<host>:<port>`',
        variable: 'OUTRIGHT_ISSUER',
        allowed: 'an http or https URL without query, fragment or password, as browsers write it',
      },
      // Clients compare it as text, and changing it later ends every token: so one spelling alone,
      // not `https://AUTH.example`, `https://auth.example:443` or `https://auth.example/a/../b`.
      ({ href, search, hash, username, password }, written) =>
        search + hash + username + password === '' && (href === written || href === `${written}/`),
    ),
  ),
  demo: flag({
    description: 'serves the demo identities, whose passwords are public',
    default: false,
    flag: '--demo',
  }),
  rateLimitFactor: number({
    description: 'multiplies every documented rate limit',
    default: 1,
    demoDefault: 50,
    exclusiveMinimum: 0,
    maximum: 1_000_000,
    variable: 'OUTRIGHT_RATE_LIMIT_FACTOR',
  }),
  trustedProxies: addressRanges({
    description: 'addresses or ranges whose `X-Forwarded-For` is believed',
    default: [],
  }),
  allowedPrivateAddresses: addressRanges({
    description:
      'private, loopback and link-local addresses or ranges that deliveries may be sent to and `jwks_uri` of clients may be at: see [deliveries.md](deliveries.md#where-messages-may-go)',
    default: [],
    demoDefault: ['127.0.0.0/8', '::1'],
  }),
  audiences: list(text({ pattern: String.raw`^\S{1,255}$`, allowed: 'a name without spaces' }), {
    description: 'names added to `aud` of every access token: the resource servers',
    default: [],
    demoDefault: ['demo-api'],
    allowed: 'a list of names without spaces',
  }),
  signingAlgorithm: choice(['ES256', 'EdDSA', 'RS256'], {
    description: 'for keys that are made from now on',
    default: 'ES256',
  }),
  passwordCost: group<Settings['passwordCost']>({
    // argon2 asks for at least 8 KiB a lane.
    memoryKiB: integer({
      description: 'memory that argon2id takes for a password or a client secret',
      default: 19_456,
      minimum: 8,
      maximum: 4_194_304,
    }),
    passes: integer({
      description: 'how often argon2id goes over that memory',
      default: 2,
      minimum: 1,
      maximum: 1000,
    }),
  }),
  otpSender: kinds<OtpSenderSetting>(
    {
      none: {},
      console: {},
      webhook: {
        url: httpUrl({}),
        secret: text({ secret: true }),
      },
    },
    {
      description:
        'where one-time passwords go: posted as `{ to, code, dialect }` with `Outright-Signature: sha256=<hex HMAC of the body>`, or, with `--demo` alone, printed',
      default: { kind: 'none' },
      demoDefault: { kind: 'console' },
      defaultText: "`{ kind: 'none' }`",
      allowed: "`{ kind: 'none' }`, `{ kind: 'console' }`, or `{ kind: 'webhook', url, secret }`",
    },
  ),
  keyEncryption: group<Settings['keyEncryption']>({
    keys: optional(
      list(text({ secret: true }), {
        description:
          'keys under which signing keys are wrapped in the database: the first wraps, all unwrap; in the variable with commas between. Without any they are stored in plain text: see [operating.md](operating.md#wrap-the-signing-keys)',
        variable: 'OUTRIGHT_KEY_ENCRYPTION_KEY',
        minItems: 1,
        allowed: 'a list of keys of 32 bytes, base64 or hexadecimal',
      }),
    ),
    file: optional(
      text({
        description: 'a file that holds them instead, one a line',
        variable: 'OUTRIGHT_KEY_ENCRYPTION_KEY_FILE',
        allowed: 'a file',
      }),
    ),
    command: optional(
      list(text({}), {
        description: 'a program with its arguments that prints them instead, of a KMS or a vault',
        minItems: 1,
        allowed: 'a list of a program and its arguments',
        repeats: true,
      }),
    ),
  }),
  afterRestore: choice(['refuse', 'end-everyone', 'accept-lost-logouts'], {
    description:
      'what to do with a database that may lack logouts which were answered, a restored backup say: see [operating.md](operating.md#back-up-and-restore)',
    default: 'refuse',
    variable: 'OUTRIGHT_AFTER_RESTORE',
    flag: '--after-restore',
  }),
  logRetentionDays: integer({
    description:
      'days after which entries of the log are cut; what still counts is kept longer. 36500 keeps all of them: see [operating.md](operating.md#where-the-log-ends)',
    default: 400,
    minimum: 1,
    maximum: 36_500,
    variable: 'OUTRIGHT_LOG_RETENTION_DAYS',
  }),
  durability: choice(['full', 'off'], {
    description:
      '`off` answers before the disk has it. It is for benchmarks: it breaks the promise',
    default: 'full',
  }),
  leaseMs: duration({
    description: "a guard's lease",
    default: 2000,
    minimum: 200,
    maximum: MAX_LEASE_MS,
  }),
  renewMs: duration({
    description: 'how often a guard renews its lease: at most half of `leaseMs`',
    default: 500,
    minimum: 20,
    maximum: 30_000,
  }),
  accessLog: flag({
    description: 'one line of JSON a request on standard output',
    default: true,
  }),
  issuers: list(issuerSchema, {
    description:
      'identity providers whose tokens are accepted and ended here: see [identity-providers.md](identity-providers.md)',
    default: [],
    allowed: 'a list of `{ name, issuer, profile, audience, … }`',
  }),
  foreignSessions: group<Settings['foreignSessions']>({
    enabled: flag({
      description:
        'whether logins at those issuers are listed once a token of theirs was accepted, by a guard or here: see [identity-providers.md](identity-providers.md#who-is-logged-in-there)',
      default: true,
    }),
    maxKept: integer({
      description: 'how many; those that expire first make room for others',
      default: 100_000,
      minimum: 1,
      maximum: 10_000_000,
    }),
  }),
  receivers: ownReceiversSetting(),
})

export const configSchema: Group<Settings> = together<Settings>([nodeSchema, surfaceSchema])

function addressRanges(meaning: {
  readonly description: string
  readonly default: readonly string[]
  readonly demoDefault?: readonly string[]
}): Setting<readonly string[]> {
  const range = checkedText(
    {
      allowed: 'an IP address or a CIDR range, such as 10.0.0.0/8; an IPv4-mapped range from /96',
    },
    (text) => rangeProblem(text) === undefined,
  )
  return list(range, { ...meaning, allowed: 'a list of addresses and CIDR ranges' })
}
