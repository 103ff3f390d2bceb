/**
 * What time it is at the least, as far as one machine can know it alone.
 *
 * A wall clock may be wrong by any amount, jump both ways and be set right, so nothing is forgotten
 * or deleted because it says so for a moment. Beside it the machine counts for how long it has run,
 * across restarts, by the monotonic clock. The difference of the two, the _start_, is the moment at
 * which that count would have begun if the wall clock were right. Where the clock jumps ahead, or
 * the machine was down, the start moves ahead; the trusted time goes by the earliest start that was
 * seen over the last 72 hours of running. So it is never ahead because of a clock that was ahead
 * for less than that, however far, and it catches up with a long downtime after as much.
 *
 * Being late only costs memory and disk, so it is late rather than early.
 */
export interface TrustedTime {
  /** For how long the machine has run, milliseconds. */
  readonly ranMs: number
  /** For each hour of running, which starts were seen in it. The newest comes last. */
  readonly starts: readonly HourOfRunning[]
  /** The start at the last reading; undefined before the first. */
  readonly lastStartMs: number | undefined
}

interface HourOfRunning {
  readonly hour: number
  /** The earliest start that was seen in it. */
  readonly startMs: number
  /** The latest. */
  readonly latestStartMs: number
}

export const neverRan: TrustedTime = { ranMs: 0, starts: [], lastStartMs: undefined }

const HOUR_MS = 3_600_000

/**
 * What counts as running between two readings at most. A process that was stopped for days
 * (SIGSTOP, a debugger) has not seen its wall clock for days, and must not believe the first thing
 * it says.
 */
const MAX_STEP_MS = HOUR_MS

/** Over so many hours of running a clock must have said so before it is believed: a weekend. */
export const BELIEVED_AFTER_HOURS = 72

/**
 * A reading of both clocks.
 *
 * @param sinceMs How much the monotonic clock has gone on since the reading before. More than an
 *   hour counts as an hour.
 * @param wallMs What the wall clock says.
 */
export function read(time: TrustedTime, sinceMs: number, wallMs: number): TrustedTime {
  const ranMs = time.ranMs + Math.min(Math.max(0, sinceMs), MAX_STEP_MS)
  const hour = Math.floor(ranMs / HOUR_MS)
  const kept = time.starts.filter((start) => start.hour >= hour - BELIEVED_AFTER_HOURS)
  const lastStartMs = wallMs - ranMs
  const newest = kept.at(-1)
  if (newest?.hour !== hour) {
    const begun = { hour, startMs: lastStartMs, latestStartMs: lastStartMs }
    return { ranMs, starts: [...kept, begun], lastStartMs }
  }
  const startMs = Math.min(newest.startMs, lastStartMs)
  const latestStartMs = Math.max(newest.latestStartMs, lastStartMs)
  const goesOn = { hour, startMs, latestStartMs }
  return { ranMs, starts: [...kept.slice(0, -1), goesOn], lastStartMs }
}

/** The time that may be trusted at the last reading, milliseconds since 1970. */
export function trustedMs({ ranMs, starts }: TrustedTime): number {
  return Math.min(...starts.map(({ startMs }) => startMs)) + ranMs
}

/** The latest that it may be, by all that the wall clock has said over the last 72 hours of running. */
export function latestMs({ ranMs, starts }: TrustedTime): number {
  return Math.max(...starts.map(({ latestStartMs }) => latestStartMs)) + ranMs
}

/** By how much the wall clock was ahead of the trusted time at the last reading. */
export function lastLeadMs({ starts, lastStartMs }: TrustedTime): number {
  return lastStartMs === undefined
    ? 0
    : lastStartMs - Math.min(...starts.map(({ startMs }) => startMs))
}

/**
 * The hour under which the last start is stored: it is none of the earliest, so it makes nothing
 * early.
 */
const LAST_READING = -1

/** @returns Undefined where the text has not the form that `formatTrustedTime` writes. */
export function parseTrustedTime(text: string): TrustedTime | undefined {
  try {
    const [ranMs, ...rows] = JSON.parse(text) as unknown[]
    const hours = rows as readonly (readonly [number, number, number?])[]
    if (!isTime(ranMs) || !hours.every((hour) => hour.every(isTime) && hour.length >= 2)) {
      return undefined
    }
    const starts = hours.map(([hour, startMs, latestStartMs = startMs]) => ({
      hour,
      startMs,
      latestStartMs,
    }))
    const last = starts.find(({ hour }) => hour === LAST_READING) ?? starts.at(-1)
    return {
      ranMs,
      starts: starts.filter(({ hour }) => hour !== LAST_READING),
      lastStartMs: last?.startMs,
    }
  } catch {
    return undefined
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** As it is stored: JSON, an array. */
export function formatTrustedTime({ ranMs, starts, lastStartMs }: TrustedTime): string {
  const last = lastStartMs === undefined ? [] : [[LAST_READING, lastStartMs]]
  const hours = starts.map(({ hour, startMs, latestStartMs }) =>
    latestStartMs === startMs ? [hour, startMs] : [hour, startMs, latestStartMs],
  )
  return JSON.stringify([ranMs, ...last, ...hours])
}
