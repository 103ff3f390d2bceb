import { limitSetting, type RateLimitRule } from '../../rate-limit.ts'
import { settingsOf } from '../../../settings/read.ts'
import {
  choice,
  duration,
  flag,
  group,
  integer,
  lifetime,
  list,
  optional,
  text,
  type Given,
  type Group,
} from '../../../settings/schema.ts'

/** What an installation may set for Matar; what each does is written in the schema below. */
export interface MatarOptions {
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
  readonly sessionLifetimeMs?: number
  readonly scope: 'session' | 'token'
  readonly refresh: 'single-use' | 'rotate' | 'reusable'
  readonly reuseGraceMs: number
  readonly requireFresh: readonly ('get_current_user' | 'logout')[]
  readonly signUp: boolean
  readonly language: string
  readonly otpDigits: number
  readonly otpLifetimeMs: number
  readonly otpMostAttempts: number
  readonly sentPerPhone: RateLimitRule
  readonly sentPerAddress: RateLimitRule
  readonly triedPerPhone: RateLimitRule
  readonly triedPerAddress: RateLimitRule
  readonly clientId: string
}

const DAY_MS = 86_400_000
const HOUR_SECONDS = 3600

export const matarSchema: Group<MatarOptions> = group<MatarOptions>({
  accessLifetimeMs: lifetime({ description: 'life of an access token (F)', default: 10 * DAY_MS }),
  refreshLifetimeMs: lifetime({
    description: 'life of a refresh token (F)',
    default: 60 * DAY_MS,
  }),
  // As the refresh token, since a refresh gives no new one unless `refresh` is `rotate`.
  sessionLifetimeMs: optional(
    lifetime({
      description: 'longest life of a login, however often it is refreshed',
      defaultText: 'as `refreshLifetimeMs`',
    }),
  ),
  scope: choice(['session', 'token'], {
    description:
      'what a logout ends: the login with access and refresh token, or the access token alone, as in the tutorial',
    default: 'session',
  }),
  refresh: choice(['single-use', 'rotate', 'reusable'], {
    description:
      'what a refresh does with the refresh token: it is used up and no new one is given (C), a new one comes with the answer, or it stays good for its whole life',
    default: 'single-use',
  }),
  reuseGraceMs: duration({
    description:
      'how long a used refresh token that comes again is taken for a retry: `single-use` refuses it and ends nothing, `rotate` gives the same answer again; later it is taken for theft and ends the session',
    default: 60_000,
    minimum: 0,
    maximum: DAY_MS,
  }),
  requireFresh: list(choice(['get_current_user', 'logout'], {}), {
    description: 'calls that refuse an access token that came from a refresh',
    default: [],
    allowed: 'a list of get_current_user, logout',
  }),
  signUp: flag({
    description:
      'whether an unknown phone number becomes a new user once its one-time password is right; otherwise a password is sent to it as to any other, and the login fails',
    default: true,
  }),
  language: text({ description: '`language` of new users', default: 'hi-IN', maxLength: 35 }),
  otpDigits: integer({
    description: 'digits of a one-time password (F)',
    default: 5,
    minimum: 4,
    maximum: 10,
  }),
  otpLifetimeMs: duration({
    description: 'life of a one-time password',
    default: 300_000,
    minimum: 1000,
    maximum: DAY_MS,
  }),
  otpMostAttempts: integer({
    description:
      'wrong one-time passwords from one address after which the one that was sent is void for that address; six times as many from all others than who asked for it',
    default: 5,
    minimum: 1,
    maximum: 100,
  }),
  sentPerPhone: limitSetting(
    'one-time passwords sent to one phone for one address (O); twice as many for all addresses that are not known',
    {
      points: 5,
      windowSeconds: HOUR_SECONDS,
    },
  ),
  sentPerAddress: limitSetting('one-time passwords sent for one address (O)', {
    points: 60,
    windowSeconds: HOUR_SECONDS,
  }),
  triedPerPhone: limitSetting(
    'one-time passwords tried from one address for one phone (O); ten times as many from all addresses that are not known',
    {
      points: 10,
      windowSeconds: HOUR_SECONDS,
    },
  ),
  triedPerAddress: limitSetting('one-time passwords tried from one address (O)', {
    points: 120,
    windowSeconds: HOUR_SECONDS,
  }),
  clientId: text({
    description: 'the client that the sessions belong to: its revocation ends them all',
    default: 'matar',
    maxLength: 255,
  }),
})

/** Matar's options with every default filled in. */
export type MatarSettings = Required<MatarOptions>

/** @throws {TypeError} That names every option that cannot be used. */
export function matarOptions(given: Given<MatarOptions>): MatarSettings {
  const options = settingsOf(matarSchema, given, false)
  return Object.freeze({ sessionLifetimeMs: options.refreshLifetimeMs, ...options })
}
