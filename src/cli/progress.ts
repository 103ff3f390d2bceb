import type { Terminal } from './terminal.ts'

/** Nothing is shown of what takes less. */
const QUIET_MS = 1000
/** A terminal's line is rewritten this often, a log gets a line this often. */
const TERMINAL_MS = 100
const LOG_MS = 5000

export interface Progress {
  update(done: number, of: number | undefined): void
  /** Takes the line away again. */
  end(): void
}

/**
 * Shows on standard error how far something long has come: one line that is rewritten in a
 * terminal, a line every five seconds elsewhere.
 *
 * @param describe Says it in words, such as `checked 5 of 10 entries`.
 */
export function createProgress(
  terminal: Terminal,
  describe: (done: number, of: number | undefined) => string,
): Progress {
  const started = terminal.nowMs()
  const rewrites = terminal.isInteractive.stderr
  let shownAt = started + QUIET_MS - (rewrites ? TERMINAL_MS : LOG_MS)
  let shown = false
  return {
    update(done, of) {
      const now = terminal.nowMs()
      if (now - started < QUIET_MS || now - shownAt < (rewrites ? TERMINAL_MS : LOG_MS)) return
      shownAt = now
      shown = true
      const line = `outright: ${describe(done, of)}`
      terminal.err(rewrites ? `\r\u001B[K${line}` : `${line}\n`)
    },
    end() {
      if (shown && rewrites) terminal.err('\r\u001B[K')
    },
  }
}

/** `5 of 10 (50%)`, or `5` where the end is not known. */
export function share(
  done: number,
  of: number | undefined,
  format: (count: number) => string = String,
): string {
  if (of === undefined) return format(done)
  const percent = Math.floor((done / Math.max(1, of)) * 100)
  return `${format(done)} of ${format(of)} (${String(percent)}%)`
}

/** Bytes in the largest unit that leaves at least 1: `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}
