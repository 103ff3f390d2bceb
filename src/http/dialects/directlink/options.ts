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
  /** Life of a bearer and of its session, in whole seconds, at least 1. Default 3600. */
  readonly accessLifetimeSeconds: number
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
 * @throws {TypeError} Where the life of a bearer is not a whole number of seconds from 1.
 */
export function directLinkOptions(given: Partial<DirectLinkOptions>): DirectLinkOptions {
  const options: DirectLinkOptions = {
    apiver: 'v1 (3.6.0)',
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    accessLifetimeSeconds: 3600,
    basicLogout: 'all',
    strictContentType: false,
    clientId: 'directlink',
    attemptsPerAddress: { points: 60, windowSeconds: 60 },
    attemptsPerAccount: { points: 20, windowSeconds: 60 },
    ...given,
  }
  const { accessLifetimeSeconds } = options
  if (!Number.isSafeInteger(accessLifetimeSeconds) || accessLifetimeSeconds < 1) {
    throw new TypeError('Cannot use accessLifetimeSeconds: not a whole number from 1')
  }
  return Object.freeze(options)
}
