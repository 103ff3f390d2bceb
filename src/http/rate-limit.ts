import ipaddr from 'ipaddr.js'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { refuse } from '../domain/failure.ts'

export interface RateLimitRule {
  /** How many are allowed in the window, before the installation's factor. */
  readonly points: number
  readonly windowSeconds: number
}

/** Counts calls by a key and refuses the one too many. */
export interface RateLimit {
  /**
   * @param key Who is counted: an address, an account, a client.
   * @throws {Refusal} `rate_limited` with the whole seconds after which a call is allowed again.
   */
  consume(key: string): Promise<void>
}

/**
 * Makes a limit that is kept in this process: with several nodes each counts for itself.
 *
 * @param rule What the dialect documents.
 * @param factor `OUTRIGHT_RATE_LIMIT_FACTOR`: multiplies the points; at least one point remains.
 */
export function createRateLimit(rule: RateLimitRule, factor: number): RateLimit {
  const limiter = new RateLimiterMemory({
    points: Math.max(1, Math.round(rule.points * factor)),
    duration: rule.windowSeconds,
  })
  return {
    async consume(key) {
      try {
        await limiter.consume(blockOf(key))
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000))
        refuse({ kind: 'rate_limited', retryAfterSeconds })
      }
    },
  }
}

/** Whoever holds an IPv6 address holds its /64 as well: those are counted as one. */
function blockOf(key: string): string {
  if (!key.includes(':') || !ipaddr.IPv6.isValid(key)) return key
  return ipaddr.IPv6.networkAddressFromCIDR(`${key}/64`).toString()
}
