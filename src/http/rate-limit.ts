import ipaddr from 'ipaddr.js'
import { refuse } from '../domain/failure.ts'
import { RecentMap } from '../domain/recent-map.ts'
import { group, integer, type Group } from '../settings/schema.ts'
import type { SurfaceContext } from './context.ts'

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
   * @param key What is counted: an address, an account, a client.
   * @throws {Refusal} `rate_limited` with the whole seconds after which a call is allowed again.
   */
  consume(key: string): Promise<void>
}

interface Window {
  readonly endsAtMs: number
  count: number
}

/**
 * Makes a limit that is kept in this process: with several nodes each counts for itself. A window
 * begins with the first call of its key. It is written here because windows have to be counted by
 * the monotonic clock, which libraries do not take: with a wall clock that is set, a limit would
 * open early or hold for as long as the clock went back.
 *
 * @param rule What the dialect documents.
 * @param host Its `rateLimitFactor` multiplies the points; at least one point remains.
 * @param maxKeys Default 100,000.
 */
export function createRateLimit(
  { points, windowSeconds }: RateLimitRule,
  { rateLimitFactor, clock }: RateLimitHost,
  maxKeys: number = MAX_KEYS,
): RateLimit {
  const allowed = Math.max(1, Math.round(points * rateLimitFactor))
  const windows = new RecentMap<string, Window>(maxKeys)
  return {
    async consume(key) {
      const counted = addressBlock(key)
      const nowMs = clock.monotonicMs()
      const known = windows.get(counted)
      const isOver = known === undefined || nowMs >= known.endsAtMs
      const window = isOver ? { endsAtMs: nowMs + windowSeconds * 1000, count: 0 } : known
      window.count++
      windows.set(counted, window)
      if (window.count <= allowed) return
      const retryAfterSeconds = Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1000))
      refuse({ kind: 'rate_limited', retryAfterSeconds })
    },
  }
}

/** What a limit needs of the surface that it stands in. */
export type RateLimitHost = Pick<SurfaceContext, 'rateLimitFactor' | 'clock'>

/** The holder of an IPv6 address has its /64 as well: those are counted as one. */
export function addressBlock(key: string): string {
  if (!key.includes(':') || !ipaddr.IPv6.isValid(key)) return key
  return ipaddr.IPv6.networkAddressFromCIDR(`${key}/64`).toString()
}
