import ipaddr from 'ipaddr.js'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { refuse } from '../domain/failure.ts'
import { RecentMap } from '../domain/recent-map.ts'
import { group, integer, type Group } from '../settings/schema.ts'

export interface RateLimitRule {
  /** How many are allowed in the window, before the installation's factor. */
  readonly points: number
  readonly windowSeconds: number
}

/** Keys counted at once; beyond that the one that called least recently starts anew. */
const MAX_KEYS = 100_000

/** Beyond it a limit limits nothing. */
const MAX_POINTS = 1_000_000
/** Timers hold less than 25 days. */
const MAX_WINDOW_SECONDS = 7 * 86_400

/** The schema of a limit that an installation may set. */
export function limitSetting(description: string, usual: RateLimitRule): Group<RateLimitRule> {
  return group<RateLimitRule>(
    {
      points: integer({ description: 'how many', minimum: 1, maximum: MAX_POINTS }),
      windowSeconds: integer({
        description: 'in how many seconds',
        minimum: 1,
        maximum: MAX_WINDOW_SECONDS,
      }),
    },
    {
      description,
      default: usual,
      defaultText: `${String(usual.points)} in ${String(usual.windowSeconds)} s`,
      allowed: '`{ points, windowSeconds }`, whole numbers from 1',
    },
  )
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
 * @param maxKeys Default 100,000.
 */
export function createRateLimit(
  rule: RateLimitRule,
  factor: number,
  maxKeys: number = MAX_KEYS,
): RateLimit {
  const limiter = new RateLimiterMemory({
    points: Math.max(1, Math.round(rule.points * factor)),
    duration: rule.windowSeconds,
  })
  // The library forgets a key at the end of its window and has no bound.
  const keys = new RecentMap<string, true>(maxKeys)
  return {
    async consume(key) {
      const counted = addressBlock(key)
      const dropped = keys.set(counted, true)
      if (dropped !== undefined) void limiter.delete(dropped)
      try {
        await limiter.consume(counted)
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000))
        refuse({ kind: 'rate_limited', retryAfterSeconds })
      }
    },
  }
}

/** Whoever holds an IPv6 address holds its /64 as well: those are counted as one. */
export function addressBlock(key: string): string {
  if (!key.includes(':') || !ipaddr.IPv6.isValid(key)) return key
  return ipaddr.IPv6.networkAddressFromCIDR(`${key}/64`).toString()
}
