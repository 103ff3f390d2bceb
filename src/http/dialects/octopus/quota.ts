/**
 * Quotas in a rolling window, as the API documents them: never more than so many calls in any sixty
 * seconds. A window that starts anew each minute, which is what the shared rate limit counts in,
 * lets twice as many through at its edge. Kept in this process: with several nodes each counts for
 * itself.
 */
import { refuse } from '../../../domain/failure.ts'
import { RecentMap } from '../../../domain/recent-map.ts'
import type { Clock } from '../../../ports/clock.ts'

export interface QuotaOptions {
  /** Calls in a window; rounded, and at least one. */
  readonly points: number
  readonly clock: Clock
}

/** Counts calls by a key. */
export interface Quota {
  /**
   * Counts one call.
   *
   * @throws {Refusal} `rate_limited` with the whole seconds until a call is free again; a refused
   *   call is not counted.
   */
  spend(key: string): void
  /** Takes the newest call of the key back. */
  giveBack(key: string): void
}

const WINDOW_MS = 60_000
/** Keys in memory; beyond that the one that was used longest ago starts anew. */
const MAX_KEYS = 10_000

/** Makes a quota of which nothing is used yet. */
export function createQuota(options: QuotaOptions): Quota {
  const { clock } = options
  const points = Math.max(1, Math.round(options.points))
  const callsByKey = new RecentMap<string, number[]>(MAX_KEYS)

  function callsOf(key: string, nowMs: number): number[] {
    const known = callsByKey.get(key) ?? []
    const firstInWindow = known.findIndex((atMs) => atMs > nowMs - WINDOW_MS)
    return firstInWindow < 0 ? [] : firstInWindow === 0 ? known : known.slice(firstInWindow)
  }

  return {
    spend(key) {
      const nowMs = clock.monotonicMs()
      const calls = callsOf(key, nowMs)
      const oldest = calls[0]
      if (oldest !== undefined && calls.length >= points) {
        const retryAfterSeconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - nowMs) / 1000))
        refuse({ kind: 'rate_limited', retryAfterSeconds })
      }
      calls.push(nowMs)
      callsByKey.set(key, calls)
    },
    giveBack(key) {
      callsByKey.get(key)?.pop()
    },
  }
}
