/** Follows the log: entries of this node soon after they were made, those of others in time. */
import { Refusal } from '../../domain/failure.ts'
import type { DeliveringParts } from './index.ts'

/** Entries that are made within this time are planned together. */
const GATHER_MS = 50

/**
 * How often this node looks for entries that are not planned yet: those of a node that died, and
 * its own where it could not.
 */
const LOOK_EVERY_MS = 5_000

/**
 * How often one look catches up with a stream again that goes on meanwhile, before it leaves the
 * rest to whoever writes it: each step is a commit, however few entries are new.
 */
const MAX_REPEATS = 10

/** Two nodes that plan at once try again after different pauses, up to this. */
const OVERTAKEN_MS = 50

export interface Planning {
  close(): Promise<void>
}

export function startPlanning(
  { core, dependencies }: DeliveringParts,
  onPlanned: () => void,
): Planning {
  const { store, clock, random, log } = dependencies
  let closed = false
  /** One call after another, so that this node never overtakes itself. */
  let working: Promise<void> = Promise.resolve()
  let cancelGather: (() => void) | undefined
  let cancelLook: () => void

  const share = (): number => (random.bytes(1)[0] ?? 0) / 255

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(delayMs, resolve)
    })

  const planAll = async (stream: string | undefined): Promise<void> => {
    const caughtUp = new Set<string>()
    let repeats = 0
    try {
      while (!closed && repeats < MAX_REPEATS) {
        const planned = await core.planDeliveries(stream)
        if (planned.kind === 'done') return
        if (planned.kind === 'overtaken') {
          await pause(share() * OVERTAKEN_MS)
          continue
        }
        if (planned.owed > 0) onPlanned()
        if (planned.hasMore) continue
        // What this node has written since is gathered, and planned together.
        if (stream !== undefined) return
        if (caughtUp.has(planned.stream)) repeats++
        caughtUp.add(planned.stream)
      }
    } catch (error) {
      // Nothing is lost: the cursor stands where it stood, and the next look begins there.
      const unavailable = error instanceof Refusal && error.failure.kind === 'store_unavailable'
      const reason = unavailable ? error.failure.reason : messageOf(error)
      if (!closed) log.warn({ reason }, 'Cannot plan deliveries: trying again')
    }
  }

  const gather = (): void => {
    if (closed || cancelGather !== undefined) return
    cancelGather = clock.after(GATHER_MS, () => {
      working = working.then(() => {
        // Not before: what is committed while an earlier call is under way is read by this one.
        cancelGather = undefined
        return planAll(store.stream)
      })
    })
  }

  const look = (delayMs: number): void => {
    cancelLook = clock.after(delayMs, () => {
      working = working
        .then(() => planAll(undefined))
        .then(() => {
          if (!closed) look(LOOK_EVERY_MS * (0.5 + share()))
        })
    })
  }

  const unsubscribe = store.onCommitted((entries) => {
    if (entries.some(({ stream }) => stream === store.stream)) gather()
  })
  look(0)

  return {
    async close() {
      closed = true
      unsubscribe()
      cancelGather?.()
      cancelLook()
      await working
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
