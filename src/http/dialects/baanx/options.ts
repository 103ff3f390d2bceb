/** What an installation may choose. Lives are in milliseconds, limits in calls a minute. */
export interface BaanxOptions {
  /** Life of an access token, of a login as of an OAuth grant; default 6 hours, as documented. */
  readonly accessLifetimeMs: number
  /** Life of an OAuth refresh token; default 184 days, as documented. Each refresh starts it anew. */
  readonly refreshLifetimeMs: number
  /** Longest life of an OAuth session however often it is refreshed; default 365 days. */
  readonly sessionLifetimeMs: number
  /** How long a used refresh token gets the same new pair again; default 10 seconds. */
  readonly graceMs: number
  /** Life of an authorization session, from initiate to authorize; default 10 minutes. */
  readonly authorizationLifetimeMs: number
  /** Life of an authorization code; default 5 minutes. */
  readonly codeLifetimeMs: number
  /** Life of a one-time password; default 5 minutes. */
  readonly otpLifetimeMs: number
  /** Wrong passwords and one-time passwords after which an account is locked; default 10. */
  readonly lockAfterFailures: number
  /** How long failures are counted together, and how long a lock lasts; default 15 minutes. */
  readonly lockMs: number
  /**
   * Whether any port of a loopback address matches a redirect URI registered with that address (RFC
   * 8252, section 7.3); default false: redirect URIs match exactly.
   */
  readonly anyLoopbackPort: boolean
  /** Calls a minute, counted from the first one. */
  readonly limits: BaanxLimits
}

/** Before the installation's factor. The API documents no numbers; these are ours. */
export interface BaanxLimits {
  /** Logins from one address; default 20. */
  readonly loginsPerAddress: number
  /** Logins to one account; default 10. */
  readonly loginsPerAccount: number
  /** One-time passwords asked for from one address; default 10. */
  readonly otpsPerAddress: number
  /** One-time passwords sent to one account; default 3. */
  readonly otpsPerAccount: number
  /** Authorizations begun from one address; default 300. */
  readonly authorizationsPerAddress: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const defaults: BaanxOptions = {
  accessLifetimeMs: 6 * HOUR_MS,
  refreshLifetimeMs: 184 * DAY_MS,
  sessionLifetimeMs: 365 * DAY_MS,
  graceMs: 10_000,
  authorizationLifetimeMs: 10 * MINUTE_MS,
  codeLifetimeMs: 5 * MINUTE_MS,
  otpLifetimeMs: 5 * MINUTE_MS,
  lockAfterFailures: 10,
  lockMs: 15 * MINUTE_MS,
  anyLoopbackPort: false,
  limits: {
    loginsPerAddress: 20,
    loginsPerAccount: 10,
    otpsPerAddress: 10,
    otpsPerAccount: 3,
    authorizationsPerAddress: 300,
  },
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} Where a number is not greater than 0; only the grace may be 0.
 */
export function baanxOptions(options: Partial<BaanxOptions>): BaanxOptions {
  const limits: BaanxLimits = { ...defaults.limits, ...options.limits }
  const settings: BaanxOptions = { ...defaults, ...options, limits }
  for (const [name, value] of [...Object.entries(settings), ...Object.entries(limits)]) {
    if (typeof value !== 'number' || value > 0) continue
    if (name === 'graceMs' && value === 0) continue
    throw new TypeError(`Cannot use Baanx option ${name}: ${value} is not greater than 0`)
  }
  return Object.freeze(settings)
}
