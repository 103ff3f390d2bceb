import { duration, flag, group, lifetime, type Group } from '../../../settings/schema.ts'
import { originsSetting } from '../../cors.ts'
import { limitSetting, type RateLimitRule } from '../../rate-limit.ts'

/** How long things last, and how often what may be tried. */
export interface OAuthOptions {
  readonly origins: readonly string[]
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
  readonly sessionLifetimeMs: number
  readonly idTokenLifetimeMs: number
  readonly codeLifetimeMs: number
  readonly dpopNonces: boolean
  readonly sessionManagement: boolean
  readonly loginLifetimeMs: number
  readonly pushedLifetimeMs: number
  readonly deviceLifetimeMs: number
  readonly devicePollIntervalMs: number
  readonly attemptsPerAddress: RateLimitRule
  readonly attemptsPerAccount: RateLimitRule
  readonly userCodesPerAddress: RateLimitRule
  readonly requestsPerAddress: RateLimitRule
}

export interface OAuthSettings {
  readonly oauth: OAuthOptions
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export const oauthSchema: Group<OAuthSettings> = group<OAuthSettings>({
  oauth: group<OAuthOptions>({
    origins: originsSetting({
      description:
        'origins whose pages may call what programs call: tokens, userinfo, metadata; `*` is any. Never with cookies',
      default: ['*'],
      defaultText: 'any',
    }),
    accessLifetimeMs: lifetime({ description: 'life of an access token', default: 10 * MINUTE_MS }),
    refreshLifetimeMs: lifetime({
      description: 'for how long a refresh token may lie unused',
      default: 14 * DAY_MS,
    }),
    sessionLifetimeMs: lifetime({
      description: 'longest life of a login, with everything that came of it',
      default: 30 * DAY_MS,
    }),
    idTokenLifetimeMs: lifetime({ description: 'life of an ID token', default: 60 * MINUTE_MS }),
    dpopNonces: flag({
      description:
        'whether proofs of keys (DPoP) at the token endpoint must carry a nonce of this server, which clients fetch with their first call',
      default: false,
    }),
    sessionManagement: flag({
      description:
        'whether pages of clients may ask a frame of this server whether the person is still logged in (OpenID Connect Session Management); for clients on the same site, since browsers keep cookies from frames of other sites',
      default: false,
    }),
    codeLifetimeMs: lifetime({ description: 'life of an authorization code', default: MINUTE_MS }),
    loginLifetimeMs: lifetime({
      description: 'for how long a login or consent page may stay open',
      default: 15 * MINUTE_MS,
    }),
    pushedLifetimeMs: lifetime({
      description: 'for how long a browser may bring a request that its client has pushed',
      default: MINUTE_MS,
    }),
    deviceLifetimeMs: lifetime({
      description: 'how long a device may wait until its code is entered',
      default: 10 * MINUTE_MS,
    }),
    devicePollIntervalMs: duration({
      description: 'how long a device waits before it asks again',
      default: 5000,
      minimum: 1000,
      maximum: MINUTE_MS,
    }),
    attemptsPerAddress: limitSetting(
      'passwords, and as many passkeys, tried from one address on the login page',
      {
        points: 60,
        windowSeconds: 60,
      },
    ),
    attemptsPerAccount: limitSetting(
      'passwords tried from one address for one name; ten times as many from all addresses that are not known',
      { points: 20, windowSeconds: 60 },
    ),
    userCodesPerAddress: limitSetting('codes of devices typed at one address', {
      points: 20,
      windowSeconds: 60,
    }),
    requestsPerAddress: limitSetting(
      'logins, devices and pushed requests begun from one address by those who have not said who they are',
      { points: 600, windowSeconds: 60 },
    ),
  }),
})
