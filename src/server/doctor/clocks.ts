/** The clocks: leases need the rate of one, expiry needs the time of the other. */
import type { Clock } from '../../ports/clock.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** How far rates may differ before a lease is not what it says: `feed/settings.ts` counts on it. */
const RATE_MARGIN = 0.02
/** Over this time a rate is measured; scheduling and a step of the wall clock must not matter much. */
const MEASURE_MS = 1000
const WALL_MARGIN_MS = 5000

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
      'no lease would ever end: mend the clock',
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
  return warn(
    check,
    measured,
    'tokens expire that much too late or too early: set the clock by NTP',
  )
}
