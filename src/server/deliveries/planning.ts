/** Follows the log: entries of this node soon after they were made, those of others in time. */
import type { Planned } from '../../core/plan-deliveries.ts'
import { Refusal } from '../../domain/failure.ts'
import type { DeliveringParts } from './index.ts'

/** Entries that are made within this time are planned together. */
const GATHER_MS = 50

/**
 * How often this node looks for entries that are not planned yet: those of a node that died, and
 * its own where it could not.
 */
const LOOK_EVERY_MS = 5_000

/** Two nodes that plan at once try again after different pauses, up to this. */
const OVERTAKEN_MS = 50

export interface Planning {
  close(): Promise<void>
}

export function startPlanning(parts: DeliveringParts, onPlanned: () => void): Planning {
  return new Planner(parts, onPlanned)
}

type Which = Parameters<DeliveringParts['core']['planDeliveries']>[0]
type Step = Extract<Planned, { kind: 'planned' }>

class Planner implements Planning {
  readonly #parts: DeliveringParts
  readonly #onPlanned: () => void
  readonly #unsubscribe: () => void
  #closed = false
  #working: Promise<void> = Promise.resolve()
  #cancelGather: (() => void) | undefined
  #cancelLook: () => void = () => undefined

  constructor(parts: DeliveringParts, onPlanned: () => void) {
    this.#parts = parts
    this.#onPlanned = onPlanned
    const { store } = parts.dependencies
    this.#unsubscribe = store.onCommitted((entries) => {
      if (entries.some(({ stream }) => stream === store.stream)) this.#gather()
    })
    this.#look(0)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    this.#cancelGather?.()
    this.#cancelLook()
    await this.#working
  }

  #gather(): void {
    if (this.#closed || this.#cancelGather !== undefined) return
    this.#cancelGather = this.#parts.dependencies.clock.after(GATHER_MS, () => {
      void this.#inTurn(() => {
        // Not before: what is committed while this waits for its turn is planned in it.
        this.#cancelGather = undefined
        return this.#planOwn()
      })
    })
  }

  #look(delayMs: number): void {
    this.#cancelLook = this.#parts.dependencies.clock.after(delayMs, () => {
      void this.#inTurn(() => this.#planAll()).then(() => {
        if (!this.#closed) this.#look(LOOK_EVERY_MS * (0.5 + this.#share()))
      })
    })
  }

  /** One after another, so that this node never overtakes itself. */
  #inTurn(plan: () => Promise<void>): Promise<void> {
    this.#working = this.#working.then(plan).catch((error: unknown) => {
      // Nothing is lost: the cursor stands where it stood, and the next look begins there.
      const unavailable = error instanceof Refusal && error.failure.kind === 'store_unavailable'
      const reason = unavailable ? error.failure.reason : messageOf(error)
      const { log } = this.#parts.dependencies
      if (!this.#closed) log.warn({ reason }, 'Cannot plan deliveries: trying again')
    })
    return this.#working
  }

  /** Up to what was there when it was last read: what has come since is gathered. */
  async #planOwn(): Promise<void> {
    let planned: Step | undefined
    do planned = await this.#step({ stream: this.#parts.dependencies.store.stream })
    while (planned?.hasMore)
  }

  /**
   * A step of each stream in turn, so that none waits for one that is long. A stream that has been
   * caught up with once is left to whoever writes it, so that a look ends.
   */
  async #planAll(): Promise<void> {
    const caughtUp = new Set<string>()
    const hadTurn = new Set<string>()
    while (!this.#closed) {
      const planned = await this.#step({ stream: undefined, except: [...caughtUp, ...hadTurn] })
      if (planned !== undefined) (planned.hasMore ? hadTurn : caughtUp).add(planned.stream)
      else if (hadTurn.size > 0) hadTurn.clear()
      else return
    }
  }

  /** One step, however often another node comes first; undefined where there is nothing to plan. */
  async #step(which: Which): Promise<Step | undefined> {
    while (!this.#closed) {
      const planned = await this.#parts.core.planDeliveries(which)
      if (planned.kind === 'done') return undefined
      if (planned.kind === 'planned') {
        if (planned.owed > 0) this.#onPlanned()
        return planned
      }
      await this.#pause(this.#share() * OVERTAKEN_MS)
    }
    return undefined
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.dependencies.clock.after(delayMs, resolve)
    })
  }

  #share(): number {
    return (this.#parts.dependencies.random.bytes(1)[0] ?? 0) / 255
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
