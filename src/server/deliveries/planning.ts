/** Follows the log: entries of this node soon after they were made, those of others in time. */
import type { Planned, StepRequest } from '../../core/plan-deliveries.ts'
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

type Step = Extract<Planned, { kind: 'planned' }>

class Planner implements Planning {
  readonly #parts: DeliveringParts
  readonly #onPlanned: () => void
  readonly #unsubscribe: () => void
  #closed = false
  #turn: Promise<unknown> = Promise.resolve()
  #planning: Promise<void> = Promise.resolve()
  #looking: Promise<void> = Promise.resolve()
  /** While entries of this node are gathered or planned. */
  #cancelGather: (() => void) | undefined
  /** Whether there are such that have come since they were last read. */
  #isBehind = false
  #cancelLook: () => void = () => undefined

  constructor(parts: DeliveringParts, onPlanned: () => void) {
    this.#parts = parts
    this.#onPlanned = onPlanned
    const { store } = parts.dependencies
    this.#unsubscribe = store.onCommitted((entries) => {
      if (!entries.some(({ stream }) => stream === store.stream)) return
      this.#isBehind = true
      this.#gather()
    })
    this.#look(0)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    this.#cancelGather?.()
    this.#cancelLook()
    await Promise.all([this.#planning, this.#looking])
  }

  #gather(): void {
    if (this.#closed || this.#cancelGather !== undefined) return
    this.#cancelGather = this.#parts.dependencies.clock.after(GATHER_MS, () => {
      this.#planning = this.#orSay(this.#planOwn()).then(() => {
        this.#cancelGather = undefined
        if (this.#isBehind) this.#gather()
      })
    })
  }

  #look(delayMs: number): void {
    this.#cancelLook = this.#parts.dependencies.clock.after(delayMs, () => {
      this.#looking = this.#orSay(this.#planAll()).then(() => {
        if (!this.#closed) this.#look(LOOK_EVERY_MS * (0.5 + this.#share()))
      })
    })
  }

  /** Nothing is lost: the cursor stands where it stood, and the next look begins there. */
  #orSay(planned: Promise<void>): Promise<void> {
    return planned.catch((error: unknown) => {
      const unavailable = error instanceof Refusal && error.failure.kind === 'store_unavailable'
      const reason = unavailable ? error.failure.reason : messageOf(error)
      const { log } = this.#parts.dependencies
      if (!this.#closed) log.warn({ reason }, 'Cannot plan deliveries: trying again')
    })
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
  async #step(step: StepRequest): Promise<Step | undefined> {
    while (!this.#closed) {
      const planned = await this.#inTurn(step)
      if (planned.kind === 'done') return undefined
      if (planned.kind === 'planned') {
        if (planned.owed > 0) this.#onPlanned()
        return planned
      }
      await this.#pause(this.#share() * OVERTAKEN_MS)
    }
    return undefined
  }

  /**
   * One after another, so that this node never overtakes itself, and no more than one, so that a
   * look at what is long does not hold up what this node ends meanwhile.
   */
  #inTurn(step: StepRequest): Promise<Planned> {
    const { core, dependencies } = this.#parts
    const planned = this.#turn.then(() => {
      if (step.stream === dependencies.store.stream) this.#isBehind = false
      return core.planDeliveries(step)
    })
    this.#turn = planned.catch(() => undefined)
    return planned
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
