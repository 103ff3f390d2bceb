import type { RateLimitRule } from '../../rate-limit.ts'

/** What an installation may set for Matar. Times are milliseconds. */
export interface MatarOptions {
  /** Life of an access token. Default 10 days. */
  readonly accessLifetimeMs: number
  /** Life of a refresh token. Default 60 days. */
  readonly refreshLifetimeMs: number
  /**
   * Longest life of a login, however often it is refreshed. Default: `refreshLifetimeMs`, since a
   * refresh gives no new refresh token unless `refresh` is `rotate`.
   */
  readonly sessionLifetimeMs: number
  /**
   * What a logout ends. `session` (the default): the login, access and refresh token alike.
   * `token`: the access token that was sent and nothing else, as in the tutorial that Matar's
   * server follows.
   */
  readonly scope: 'session' | 'token'
  /**
   * What becomes of a refresh token that is used. `single-use` (the default): it is used up and no
   * new one is given. `rotate`: a new one comes with the answer. `reusable`: it stays good for its
   * whole life.
   */
  readonly refresh: 'single-use' | 'rotate' | 'reusable'
  /**
   * For this long after its first use a refresh token that comes again is taken for a retry:
   * `single-use` refuses it and ends nothing, `rotate` gives the same answer again. Later it is
   * taken for theft and ends the session. Default 60,000.
   */
  readonly reuseGraceMs: number
  /** Calls that refuse an access token that came from a refresh. Default none. */
  readonly requireFresh: readonly ('get_current_user' | 'logout')[]
  /**
   * Whether a phone number that nobody has becomes a new user once its one-time password is right.
   * Default true. False: such a number gets a password sent like any other, and no login.
   */
  readonly signUp: boolean
  /** `language` of new users. Default `hi-IN`. */
  readonly language: string
  /** Digits of a one-time password, 4 to 10. Default 5. */
  readonly otpDigits: number
  /** Life of a one-time password. Default 5 minutes. */
  readonly otpLifetimeMs: number
  /** Wrong one-time passwords after which the one that was sent is void. Default 5. */
  readonly otpMostAttempts: number
  /** One-time passwords sent to one phone. Matar documents no limit. Default 5 an hour. */
  readonly sentPerPhone: RateLimitRule
  /** One-time passwords sent for one address. Matar documents no limit. Default 60 an hour. */
  readonly sentPerAddress: RateLimitRule
  /** One-time passwords tried for one phone. Matar documents no limit. Default 10 an hour. */
  readonly triedPerPhone: RateLimitRule
  /** One-time passwords tried from one address. Matar documents no limit. Default 120 an hour. */
  readonly triedPerAddress: RateLimitRule
  /** The client that Matar's sessions belong to: its revocation ends them all. Default `matar`. */
  readonly clientId: string
}

const DAY_MS = 86_400_000
const HOUR_SECONDS = 3600

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} Where a life is under a second, a limit is not two positive numbers, or
 *   `otpDigits` is not 4 to 10.
 */
export function matarOptions(given: Partial<MatarOptions>): MatarOptions {
  const options: MatarOptions = {
    accessLifetimeMs: 10 * DAY_MS,
    refreshLifetimeMs: 60 * DAY_MS,
    sessionLifetimeMs: given.refreshLifetimeMs ?? 60 * DAY_MS,
    scope: 'session',
    refresh: 'single-use',
    reuseGraceMs: 60_000,
    requireFresh: [],
    signUp: true,
    language: 'hi-IN',
    otpDigits: 5,
    otpLifetimeMs: 300_000,
    otpMostAttempts: 5,
    sentPerPhone: { points: 5, windowSeconds: HOUR_SECONDS },
    sentPerAddress: { points: 60, windowSeconds: HOUR_SECONDS },
    triedPerPhone: { points: 10, windowSeconds: HOUR_SECONDS },
    triedPerAddress: { points: 120, windowSeconds: HOUR_SECONDS },
    clientId: 'matar',
    ...given,
  }
  refuseUnusable(options)
  return Object.freeze(options)
}

// Conditions are negated, so that what is not a number is refused as well.
function refuseUnusable(options: MatarOptions): void {
  const lives = [
    'accessLifetimeMs',
    'refreshLifetimeMs',
    'sessionLifetimeMs',
    'otpLifetimeMs',
  ] as const
  for (const name of lives) {
    if (!(options[name] >= 1000)) throw new TypeError(`Cannot use ${name}: under a second`)
  }
  const limits = ['sentPerPhone', 'sentPerAddress', 'triedPerPhone', 'triedPerAddress'] as const
  for (const name of limits) {
    const { points, windowSeconds } = options[name]
    if (!(points > 0 && windowSeconds > 0)) {
      throw new TypeError(`Cannot use ${name}: points and windowSeconds are not both positive`)
    }
  }
  const { otpDigits } = options
  if (!(Number.isInteger(otpDigits) && otpDigits >= 4 && otpDigits <= 10)) {
    throw new TypeError('Cannot use otpDigits: not a whole number from 4 to 10')
  }
}
