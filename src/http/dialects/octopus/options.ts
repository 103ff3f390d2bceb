import { settingsOf } from '../../../settings/read.ts'
import {
  choice,
  duration,
  either,
  group,
  integer,
  lifetime,
  type Given,
  type Group,
} from '../../../settings/schema.ts'

/** What an installation may choose; what each does is written in the schema below. */
export interface OctopusOptions {
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
  readonly sessionLifetimeMs: number
  readonly graceMs: number
  readonly onReplay: 'refuse' | 'same-answer'
  readonly limits: 'production' | 'sandbox' | OctopusLimits
}

/** Calls that one client may make in any minute, before the installation's factor. */
export interface OctopusLimits {
  readonly login: number
  readonly refresh: number
  readonly get: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** An entry is kept for each call of the last minute. */
const calls = { minimum: 1, maximum: 1_000_000 }

export const octopusLimitsSchema: Group<OctopusLimits> = group<OctopusLimits>({
  login: integer({
    description: '`POST /auth/login`; also how many logins may fail from one address',
    ...calls,
  }),
  refresh: integer({ description: '`POST /auth/refresh` and `POST /auth/logout`, each', ...calls }),
  get: integer({ description: '`GET` of anything', ...calls }),
})

export const octopusSchema: Group<OctopusOptions> = group<OctopusOptions>({
  accessLifetimeMs: lifetime({ description: 'life of an access token (S)', default: HOUR_MS }),
  refreshLifetimeMs: lifetime({
    description: 'life of a refresh token (F); each refresh starts it anew',
    default: 7 * DAY_MS,
  }),
  sessionLifetimeMs: lifetime({
    description: 'longest life of a login however often it is refreshed (O)',
    default: 90 * DAY_MS,
  }),
  graceMs: duration({
    description: 'how long a used refresh token is refused without being called theft (O)',
    default: 10_000,
    minimum: 0,
    maximum: DAY_MS,
  }),
  onReplay: choice(['refuse', 'same-answer'], {
    description:
      'what a used refresh token gets within the grace: the documented 401, or the same new pair again',
    default: 'refuse',
  }),
  limits: either(choice(['production', 'sandbox'], {}), octopusLimitsSchema, {
    description: 'calls a minute: as documented for either system, or numbers of your own',
    default: 'production',
    allowed: 'production, sandbox, or `{ login, refresh, get }`',
  }),
})

const documentedLimits = {
  production: { login: 10, refresh: 20, get: 300 },
  sandbox: { login: 30, refresh: 30, get: 600 },
} as const

/** @throws {TypeError} That names every option that cannot be used. */
export function octopusOptions(given: Given<OctopusOptions>): OctopusOptions {
  return settingsOf(octopusSchema, given, false)
}

/** The numbers behind a name. */
export function limitsOf(limits: OctopusOptions['limits']): OctopusLimits {
  return typeof limits === 'string' ? documentedLimits[limits] : limits
}
