/**
 * The real world behind the ports: the system's clock, its randomness, and standard output as a
 * log.
 */
import { randomFillSync } from 'node:crypto'
import { runtimeClock } from '../guard/clock.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'

export const systemClock: Clock = runtimeClock

const POOL_BYTES = 8192

/** Fetches randomness from the system in larger pieces: ids and secrets are small and many. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return {
    bytes(length) {
      if (length > POOL_BYTES) return randomFillSync(Buffer.alloc(length))
      if (used + length > POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      const bytes = Buffer.from(pool.subarray(used, used + length))
      // What was handed out does not stay in the pool.
      pool.fill(0, used, used + length)
      used += length
      return bytes
    },
  }
}

/** Writes each event as one line of JSON. */
export function jsonLog(write: (line: string) => void): Log {
  const line =
    (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      write(jsonLine(level, fields, message))
    }
  return { info: line('info'), warn: line('warn'), error: line('error') }
}

/** One event as a line of the log. */
export function jsonLine(
  level: keyof Log,
  fields: Readonly<Record<string, unknown>>,
  message: string,
): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`
}

export const silentLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
