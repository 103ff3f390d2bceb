import type { Core } from '../../../core/core.ts'
import type { SurfaceContext } from '../../context.ts'
import { createGuessLimit, type GuessLimit } from '../../guess-limit.ts'
import { createRateLimit, type RateLimit, type RateLimitRule } from '../../rate-limit.ts'
import type { BaanxOptions } from './options.ts'

/** Name of the dialect and audience of its tokens. */
export const BAANX = 'baanx'

/** What the verbs of this dialect share. */
export interface BaanxService {
  readonly core: Core
  readonly context: SurfaceContext
  readonly settings: BaanxOptions
  readonly limits: {
    /** Of passwords. */
    readonly logins: GuessLimit
    /** Of one-time passwords that are sent. */
    readonly otps: GuessLimit
    readonly authorizationsPerAddress: RateLimit
  }
}

/** How many times the limit of one address all unknown addresses have together at one account. */
const STRANGERS_FACTOR = { logins: 10, otps: 2 } as const

export function createService(context: SurfaceContext, settings: BaanxOptions): BaanxService {
  const { core, rateLimitFactor, clock } = context
  const { limits } = settings
  const perMinute = (points: number): RateLimitRule => ({ points, windowSeconds: 60 })
  const limit = (of: 'logins' | 'otps'): GuessLimit =>
    createGuessLimit({
      core,
      dialect: BAANX,
      perAddress: perMinute(limits[`${of}PerAddress`]),
      perAccount: perMinute(limits[`${of}PerAccount`]),
      strangersFactor: STRANGERS_FACTOR[of],
      rateLimitFactor,
      clock,
    })
  return {
    core,
    context,
    settings,
    limits: {
      logins: limit('logins'),
      otps: limit('otps'),
      authorizationsPerAddress: createRateLimit(
        perMinute(limits.authorizationsPerAddress),
        context,
      ),
    },
  }
}
