/** What an installation may choose. Lives are in milliseconds. */
export interface OctopusOptions {
  /** Life of an access token; default 1 hour, as documented. */
  readonly accessLifetimeMs: number
  /** Life of a refresh token; default 7 days, as documented. Each refresh starts it anew. */
  readonly refreshLifetimeMs: number
  /** Longest life of a login however often it is refreshed; default 90 days. */
  readonly sessionLifetimeMs: number
  /** How long a used refresh token is refused without being called theft; default 10 seconds. */
  readonly graceMs: number
  /**
   * What a used refresh token gets within the grace: `refuse` (default) the documented 401,
   * `same-answer` the same new pair again. After the grace its reuse ends the session.
   */
  readonly onReplay: 'refuse' | 'same-answer'
  /** Calls a minute: `production` (default), `sandbox`, or numbers of one's own. */
  readonly limits: 'production' | 'sandbox' | OctopusLimits
}

/** Calls that one client may make in any minute, before the installation's factor. */
export interface OctopusLimits {
  /** `POST /auth/login`; also how many logins may fail from one address. */
  readonly login: number
  /** `POST /auth/refresh` and `POST /auth/logout`, each. */
  readonly refresh: number
  /** `GET` of anything. */
  readonly get: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const defaults: OctopusOptions = {
  accessLifetimeMs: HOUR_MS,
  refreshLifetimeMs: 7 * DAY_MS,
  sessionLifetimeMs: 90 * DAY_MS,
  graceMs: 10_000,
  onReplay: 'refuse',
  limits: 'production',
}

const documentedLimits = {
  production: { login: 10, refresh: 20, get: 300 },
  sandbox: { login: 30, refresh: 30, get: 600 },
} as const

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} Where a number is not greater than 0 (only the grace may be 0), or a name is
 *   none of those that are allowed.
 */
export function octopusOptions(options: Partial<OctopusOptions>): OctopusOptions {
  const settings: OctopusOptions = { ...defaults, ...options }
  const { limits, onReplay } = settings
  if (typeof limits === 'string' && !Object.hasOwn(documentedLimits, limits)) {
    throw new TypeError(`Cannot use Octopus option limits: "${limits}" is not known`)
  }
  if (onReplay !== 'refuse' && onReplay !== 'same-answer') {
    throw new TypeError('Cannot use Octopus option onReplay: it is not known')
  }
  for (const [name, value] of [...Object.entries(settings), ...Object.entries(limitsOf(limits))]) {
    if (typeof value !== 'number' || value > 0 || (name === 'graceMs' && value === 0)) continue
    throw new TypeError(`Cannot use Octopus option ${name}: ${value} is not greater than 0`)
  }
  return Object.freeze(settings)
}

/** The numbers behind a name. */
export function limitsOf(limits: OctopusOptions['limits']): OctopusLimits {
  return typeof limits === 'string' ? documentedLimits[limits] : limits
}
