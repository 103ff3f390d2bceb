import type { KeyRing } from '../core/key-ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MaintenanceStore } from '../ports/store.ts'
import type { Replica } from '../verifier/replica.ts'

const SWEEP_EVERY_MS = 30_000
const ROWS_PER_SWEEP = 2000
/** One sub-table of the replica each time, so that no call stalls anything. */
const FORGET_EVERY_MS = 1000

/** Removes what has expired, a little at a time. The returned function stops it. */
export function startSweeping(
  store: MaintenanceStore,
  replica: Replica,
  keys: KeyRing,
  clock: Clock,
  log: Log,
): () => void {
  let stopped = false
  let cancelSweep: () => void
  let cancelForget: () => void
  const sweep = async (): Promise<void> => {
    try {
      await store.sweep(clock.nowMs(), ROWS_PER_SWEEP)
      // Another node may have rotated: a key that it retired signs nothing here for long.
      await keys.reload()
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'cannot sweep')
    }
    if (!stopped) cancelSweep = clock.after(SWEEP_EVERY_MS, () => void sweep())
  }
  const forget = (): void => {
    replica.forget(Math.floor(clock.nowMs() / 1000))
    cancelForget = clock.after(FORGET_EVERY_MS, forget)
  }
  cancelSweep = clock.after(SWEEP_EVERY_MS, () => void sweep())
  cancelForget = clock.after(FORGET_EVERY_MS, forget)
  return () => {
    stopped = true
    cancelSweep()
    cancelForget()
  }
}
