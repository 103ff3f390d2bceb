import { refuse } from '../../../domain/failure.ts'
import { RecentMap } from '../../../domain/recent-map.ts'
import type { Clock } from '../../../ports/clock.ts'

/** One call a second, and ten more at once [F]. */
const CALLS_PER_SECOND = 1
const BURST = 10
/** Addresses remembered; beyond that the one that called least recently starts anew. */
const MAX_ADDRESSES = 100_000

interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

/**
 * The vendor's throttle: a token bucket for each calling address. It is written here because the
 * limits that the other dialects share count windows of time, and a bucket is what is documented:
 * the vendor's table of one client's calls, second by second, comes out the same.
 *
 * @param factor `OUTRIGHT_RATE_LIMIT_FACTOR`: multiplies both numbers.
 */
export function createThrottle(clock: Clock, factor: number): (address: string) => void {
  const perSecond = CALLS_PER_SECOND * factor
  const capacity = (CALLS_PER_SECOND + BURST) * factor
  const buckets = new RecentMap<string, Bucket>(MAX_ADDRESSES)
  return (address) => {
    const nowMs = clock.monotonicMs()
    const known = buckets.get(address)
    const refilled =
      known === undefined ? capacity : known.tokens + ((nowMs - known.atMs) / 1000) * perSecond
    const tokens = Math.min(capacity, refilled)
    const passes = tokens >= 1
    buckets.set(address, { tokens: passes ? tokens - 1 : tokens, atMs: nowMs })
    if (!passes) refuse({ kind: 'rate_limited', retryAfterSeconds: 1 })
  }
}
