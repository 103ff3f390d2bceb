import { settingsOf } from '../../../settings/read.ts'
import {
  duration,
  flag,
  group,
  integer,
  lifetime,
  type Given,
  type Group,
  type Setting,
} from '../../../settings/schema.ts'

/** What an installation may choose; what each does is written in the schema below. */
export interface BaanxOptions {
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
  readonly sessionLifetimeMs: number
  readonly graceMs: number
  readonly authorizationLifetimeMs: number
  readonly codeLifetimeMs: number
  readonly otpLifetimeMs: number
  readonly lockAfterFailures: number
  readonly lockMs: number
  readonly anyLoopbackPort: boolean
  readonly limits: BaanxLimits
}

/** Calls a minute, before the installation's factor. The API documents no numbers; these are ours. */
export interface BaanxLimits {
  readonly loginsPerAddress: number
  readonly loginsPerAccount: number
  readonly otpsPerAddress: number
  readonly otpsPerAccount: number
  readonly authorizationsPerAddress: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export const baanxSchema: Group<BaanxOptions> = group<BaanxOptions>({
  accessLifetimeMs: lifetime({
    description: 'life of an access token, of a login as of an OAuth grant (F)',
    default: 6 * HOUR_MS,
  }),
  refreshLifetimeMs: lifetime({
    description: 'life of an OAuth refresh token (F); each refresh starts it anew',
    default: 184 * DAY_MS,
  }),
  sessionLifetimeMs: lifetime({
    description: 'longest life of an OAuth session however often it is refreshed (O)',
    default: 365 * DAY_MS,
  }),
  graceMs: duration({
    description: 'how long a used refresh token gets the same new pair again (O)',
    default: 10_000,
    minimum: 0,
    maximum: DAY_MS,
  }),
  authorizationLifetimeMs: shortLife('from initiate to authorize (F)', 10 * MINUTE_MS),
  codeLifetimeMs: shortLife('life of an authorization code (I)', 5 * MINUTE_MS),
  otpLifetimeMs: shortLife('life of a one-time password: "a few minutes" (F)', 5 * MINUTE_MS),
  lockAfterFailures: integer({
    description:
      'wrong passwords and one-time passwords that lock an account for the address that sent them; ten times as many lock it for all that are not known (O)',
    default: 10,
    minimum: 1,
    maximum: 1000,
  }),
  lockMs: shortLife(
    'how long failures are counted together, and how long a lock lasts (O)',
    15 * MINUTE_MS,
  ),
  anyLoopbackPort: flag({
    description:
      'whether any port of a registered loopback address will do (RFC 8252, 7.3); otherwise redirect URIs match exactly',
    default: false,
  }),
  limits: group<BaanxLimits>({
    loginsPerAddress: callsAMinute('logins from one address (O)', 20),
    loginsPerAccount: callsAMinute('logins to one account (O)', 10),
    otpsPerAddress: callsAMinute('one-time passwords asked for from one address (O)', 10),
    otpsPerAccount: callsAMinute('one-time passwords sent to one account (O)', 3),
    authorizationsPerAddress: callsAMinute('authorizations begun from one address (O)', 300),
  }),
})

function shortLife(description: string, usual: number): Setting<number> {
  return duration({ description, default: usual, minimum: 1000, maximum: DAY_MS })
}

function callsAMinute(description: string, usual: number): Setting<number> {
  return integer({
    description: `calls a minute: ${description}`,
    default: usual,
    minimum: 1,
    maximum: 1_000_000,
  })
}

/** @throws {TypeError} That names every option that cannot be used. */
export function baanxOptions(given: Given<BaanxOptions>): BaanxOptions {
  return settingsOf(baanxSchema, given, false)
}
