import type { RateLimitRule } from '../../rate-limit.ts'

/** What an installation may set for DirectLink. */
export interface DirectLinkOptions {
  /** `apiver` of every body. Default `v1 (3.6.0)`, the version that is documented. */
  readonly apiver: string
  /**
   * Zone of `time` in every body, a name of the tz database. Default: the zone of the process
   * (`TZ`). An unknown name is refused at the start.
   */
  readonly timeZone: string
  /** Life of a bearer and of its session, in milliseconds, at least 1000. Default one hour. */
  readonly accessLifetimeMs: number
  /**
   * What a logout with user and password ends: every session of that user (`all`, the default), or
   * nothing, because it names no session (`none`).
   */
  readonly basicLogout: 'all' | 'none'
  /**
   * True: calls must carry `Content_type` or `Content-Type` with the documented media type, and are
   * refused with 400 otherwise. Default false: none of the calls is unclear without it, and proxies
   * drop header names with an underscore.
   */
  readonly strictContentType: boolean
  /**
   * The client that DirectLink's sessions belong to: its revocation ends all of them. Default
   * `directlink`.
   */
  readonly clientId: string
  /** Passwords tried from one address. DirectLink documents no limit. Default 60 a minute. */
  readonly attemptsPerAddress: RateLimitRule
  /** Passwords tried for one user name. DirectLink documents no limit. Default 20 a minute. */
  readonly attemptsPerAccount: RateLimitRule
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} Where the life of a bearer is under a second, or a limit is not two positive
 *   numbers.
 */
export function directLinkOptions(given: Partial<DirectLinkOptions>): DirectLinkOptions {
  const options: DirectLinkOptions = {
    apiver: 'v1 (3.6.0)',
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    accessLifetimeMs: 3_600_000,
    basicLogout: 'all',
    strictContentType: false,
    clientId: 'directlink',
    attemptsPerAddress: { points: 60, windowSeconds: 60 },
    attemptsPerAccount: { points: 20, windowSeconds: 60 },
    ...given,
  }
  // Negated, so that what is not a number is refused as well.
  if (!(options.accessLifetimeMs >= 1000)) {
    throw new TypeError('Cannot use accessLifetimeMs: under a second')
  }
  for (const name of ['attemptsPerAddress', 'attemptsPerAccount'] as const) {
    const { points, windowSeconds } = options[name]
    if (!(points > 0 && windowSeconds > 0)) {
      throw new TypeError(`Cannot use ${name}: points and windowSeconds are not both positive`)
    }
  }
  return Object.freeze(options)
}
