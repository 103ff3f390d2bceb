/** Cuts the log at a checkpoint, a little at a time: see `core/cut-log.ts`. */
import type { Core } from '../core/core.ts'
import type { StreamCut } from '../core/cut-log.ts'
import type { Log } from '../ports/log.ts'
import type { Timekeeper } from './timekeeper.ts'

const DAY_MS = 86_400_000

/** Commits for each stream in one sweep: 20,000 entries, each commit short enough for logouts. */
const STEPS = 40

/**
 * What a sweep does to the log: removes what is older than the retention by the trusted time, which
 * is never early. Never rejects: what cannot be done now is done at another sweep.
 */
export function logCutter(
  core: Pick<Core, 'cutLog'>,
  time: Pick<Timekeeper, 'trustedMs'>,
  retentionDays: number,
  log: Log,
): () => Promise<void> {
  const places = new Map<string, number>()
  /** What was said of each stream that cannot be cut. */
  const told = new Map<string, string>()

  function tell({ stream, removed, checkpoint, broken }: StreamCut): void {
    if (removed > 0) {
      log.info({ stream, removed, upTo: checkpoint?.sequence }, 'Cut old entries from the log')
    }
    const problem = broken && `entry ${String(broken.sequence)}: ${broken.problem}`
    if (problem === undefined || told.get(stream) === problem) return
    told.set(stream, problem)
    log.error(
      { stream, problem },
      'Cannot cut the log: it does not verify, run outright audit verify',
    )
  }

  return async () => {
    const beforeMs = time.trustedMs() - retentionDays * DAY_MS
    try {
      const cuts = await core.cutLog({ beforeMs, actor: 'retention', steps: STEPS, places })
      for (const cut of cuts) tell(cut)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      log.warn({ reason }, 'Cannot cut the log: trying again')
    }
  }
}
