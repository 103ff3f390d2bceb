/** The clocks: leases need the rate of one, expiry needs the time of the other. */
import { BELIEVED_AFTER_HOURS, parseTrustedTime, trustedMs } from '../../domain/trusted-time.ts'
import type { Clock } from '../../ports/clock.ts'
import { inWords, MAX_APART_MS } from '../timekeeper.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** How far rates may differ before a lease is not what it says: `feed/settings.ts` counts on it. */
const RATE_MARGIN = 0.02
/** Over this time a rate is measured; scheduling and a step of the wall clock must not matter much. */
const MEASURE_MS = 1000
const WALL_MARGIN_MS = 5000
/** A node that runs stores its time every minute. */
const NOTABLE_MS = 300_000

/**
 * Compares the rate of the monotonic clock, by which leases end, with that of the wall clock, which
 * is usually disciplined by NTP.
 */
export async function examineRate(clock: Clock): Promise<Finding> {
  const check = 'clock.rate'
  const from = { wall: clock.nowMs(), monotonic: clock.monotonicMs() }
  await new Promise<void>((resolve) => clock.after(MEASURE_MS, resolve))
  const wall = clock.nowMs() - from.wall
  const monotonic = clock.monotonicMs() - from.monotonic
  if (monotonic <= 0) {
    return fail(
      check,
      'the monotonic clock stands still',
      'no lease would ever end: correct the clock',
    )
  }
  const difference = wall / monotonic - 1
  const measured = `the clocks' rates differ by ${(Math.abs(difference) * 100).toFixed(2)} %`
  if (Math.abs(difference) <= RATE_MARGIN) return ok(check, measured)
  return warn(
    check,
    measured,
    'the wall clock was stepped just now, or the machine was suspended: measure again; leases ' +
      'allow for 2 %',
  )
}

/**
 * Compares this machine's wall clock with the database's. Only expiry reads either.
 *
 * @param databaseMs Asks the database what time it is.
 */
export async function examineWall(
  clock: Clock,
  databaseMs: () => Promise<number>,
): Promise<Finding> {
  const check = 'clock.wall'
  const before = clock.nowMs()
  const theirs = await databaseMs()
  const ours = (before + clock.nowMs()) / 2
  const difference = ours - theirs
  const measured = `${Math.abs(difference).toFixed(0)} ms ${difference < 0 ? 'behind' : 'ahead of'} the database`
  if (Math.abs(difference) <= WALL_MARGIN_MS) return ok(check, measured)
  const hint = 'tokens expire that much too late or too early: set the clock by NTP'
  if (Math.abs(difference) <= MAX_APART_MS) return warn(check, measured, hint)
  return fail(check, measured, 'a node on this machine refuses to serve: set the clock by NTP')
}

/**
 * Compares this machine's wall clock with the time up to which the node dares to forget and delete.
 *
 * @param stored What the node has stored of it, at most a minute ago where it runs; undefined where
 *   no node has run yet.
 */
export function examineTrusted(clock: Clock, stored: string | undefined): Finding {
  const check = 'clock.trusted'
  const time = stored === undefined ? undefined : parseTrustedTime(stored)
  if (time === undefined) return ok(check, 'no node has run here yet')
  const leadMs = clock.nowMs() - trustedMs(time)
  const measured = `${inWords(Math.abs(leadMs))} ${leadMs < 0 ? 'behind' : 'ahead of'} what earlier readings say`
  if (Math.abs(leadMs) <= NOTABLE_MS) return ok(check, measured)
  return warn(
    check,
    measured,
    leadMs < 0
      ? 'the clock was ahead before, or is behind now: set it by NTP'
      : 'where the server was down for that long this is right; otherwise set the clock by NTP. ' +
          `Nothing is forgotten or deleted by it until it has run for ${String(BELIEVED_AFTER_HOURS)} hours`,
  )
}
