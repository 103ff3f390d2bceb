import type { KeyRing } from '../core/key-ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MaintenanceStore } from '../ports/store.ts'
import { forgetUntilSeconds, type Timekeeper } from './timekeeper.ts'
import type { Replica } from '../verifier/replica.ts'
import { reasonOf } from './reason-of.ts'

const ROWS_PER_SWEEP = 2000
/** How long a node may go on signing with a key that another one has retired. */
const RELOAD_KEYS_EVERY_MS = 2000

export interface SweepingTimes {
  /** Between two sweeps of the store. */
  readonly sweepEveryMs: number
  /** Between two sub-tables of the replica: one each time, so that no call stalls anything. */
  readonly forgetEveryMs: number
}

const usualTimes: SweepingTimes = { sweepEveryMs: 30_000, forgetEveryMs: 1000 }

export interface SweepingParts {
  readonly store: MaintenanceStore
  /** What is done to the log at each sweep. Never rejects. */
  readonly cutLog: () => Promise<void>
  readonly replica: Replica
  readonly keys: KeyRing
  readonly time: Pick<Timekeeper, 'trustedMs'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Removes what has expired, a little at a time, and keeps the keys fresh. What is returned stops
 * it.
 */
export function startSweeping(
  { store, cutLog, replica, keys, time, clock, log }: SweepingParts,
  { sweepEveryMs, forgetEveryMs }: SweepingTimes = usualTimes,
): () => void {
  let stopped = false
  let cancelSweep: () => void
  let cancelForget: () => void
  let cancelReload: () => void
  const sweep = async (): Promise<void> => {
    try {
      await store.sweep(time.trustedMs(), ROWS_PER_SWEEP)
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'cannot sweep')
    }
    // After the sessions: what ended them goes with them.
    if (!stopped) await cutLog()
    if (!stopped) cancelSweep = clock.after(sweepEveryMs, () => void sweep())
  }
  const reload = async (): Promise<void> => {
    try {
      await keys.reload()
    } catch {
      // The store is away, which others say: the keys are good for as long.
    }
    if (!stopped) cancelReload = clock.after(RELOAD_KEYS_EVERY_MS, () => void reload())
  }
  const forget = (): void => {
    replica.forget(forgetUntilSeconds(time))
    cancelForget = clock.after(forgetEveryMs, forget)
  }
  cancelSweep = clock.after(sweepEveryMs, () => void sweep())
  cancelForget = clock.after(forgetEveryMs, forget)
  cancelReload = clock.after(RELOAD_KEYS_EVERY_MS, () => void reload())
  return () => {
    stopped = true
    cancelSweep()
    cancelForget()
    cancelReload()
  }
}
