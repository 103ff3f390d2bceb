import type { Clock } from '../../../ports/clock.ts'
import { createZone, type GoZone } from './go-zone.ts'

/** Offsets change at whole quarters of an hour, so a zone is asked that often. */
const QUARTER_HOUR_MS = 900_000

/**
 * Makes the `time` of DirectLink's bodies: what Go's `time.Now().String()` prints, with the reading
 * of the monotonic clock behind it, as in `2022-06-13 17:54:10.137992 -0300 -03
 * m=+19746.016009415`.
 *
 * The fraction has as many digits as it needs and is left out at the whole second. `m=` counts
 * seconds from the moment at which this function was called, always with nine digits; the wall
 * clock may be set back, `m=` never goes back.
 *
 * @param clock Where both times come from.
 * @param timeZone A name of the tz database.
 * @returns A function that prints the time at which it is called.
 * @throws {TypeError} Where there is no such zone.
 */
export function createGoTime(clock: Clock, timeZone: string): () => string {
  const startMs = clock.monotonicMs()
  const zoneAt = createZone(timeZone)
  let quarter = Number.NaN
  let zone: GoZone = { offsetSeconds: 0, abbreviation: 'UTC' }
  return () => {
    const nowMs = clock.nowMs()
    const currentQuarter = Math.floor(nowMs / QUARTER_HOUR_MS)
    if (currentQuarter !== quarter) {
      zone = zoneAt(nowMs)
      quarter = currentQuarter
    }
    return formatGoTime(nowMs, zone, clock.monotonicMs() - startMs)
  }
}

/**
 * Prints one moment as Go does.
 *
 * @param nowMs Milliseconds since 1970; microseconds in its fraction are printed.
 * @param zone The zone at that moment.
 * @param sinceStartMs Milliseconds on the monotonic clock.
 */
export function formatGoTime(nowMs: number, zone: GoZone, sinceStartMs: number): string {
  const wholeMs = Math.floor(nowMs)
  const local = new Date(wholeMs + zone.offsetSeconds * 1000).toISOString()
  const microseconds = Math.min(999, Math.round((nowMs - wholeMs) * 1000))
  const digits = (local.slice(20, 23) + microseconds.toString().padStart(3, '0')).replace(/0+$/, '')
  const fraction = digits === '' ? '' : `.${digits}`
  const clockTime = `${local.slice(0, 10)} ${local.slice(11, 19)}${fraction}`
  const seconds = (sinceStartMs / 1000).toFixed(9)
  const monotonic = seconds.startsWith('-') ? seconds : `+${seconds}`
  return `${clockTime} ${formatOffset(zone.offsetSeconds)} ${zone.abbreviation} m=${monotonic}`
}

function formatOffset(offsetSeconds: number): string {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60)
  const hours = Math.floor(minutes / 60)
  const sign = offsetSeconds < 0 ? '-' : '+'
  return sign + hours.toString().padStart(2, '0') + (minutes % 60).toString().padStart(2, '0')
}
