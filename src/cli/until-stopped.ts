import { exitCodes } from './exit.ts'
import type { Terminal } from './terminal.ts'

/**
 * npm passes on a signal that the whole process group has already got, so one signal can arrive
 * several times. Those that come this soon after the first are taken for the same one.
 */
const SAME_SIGNAL_MS = 1000

/** Resolves at the first signal. A second one ends the process. */
export function untilStopped(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined
    terminal.onInterrupt(() => {
      const nowMs = terminal.nowMs()
      if (firstMs !== undefined) {
        if (nowMs - firstMs < SAME_SIGNAL_MS) return
        terminal.err('outright: stopped at once\n')
        terminal.exit(exitCodes.failed)
        return
      }
      firstMs = nowMs
      terminal.err('outright: finishing what was accepted; a second signal stops at once\n')
      resolve()
    })
  })
}
