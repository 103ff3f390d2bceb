import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { SeededRandom } from '../../../src/testing/seeded-random.ts'
import type { SimulatedTime } from '../../../src/testing/simulated-time.ts'
import type { Claims } from './claims.ts'
import type { SimulatedDatabase } from './database.ts'
import type { Truth } from './truth.ts'

/** Where a connection to the database leads through. */
export interface Wires {
  readonly time: SimulatedTime
  readonly random: SeededRandom
  readonly database: SimulatedDatabase
  readonly truth: Truth
  readonly claims: Claims
}

/**
 * A connection of a process to the database. What is asked is done and answered in order, also
 * where the process dies in between: then it is done, and no caller hears of it.
 */
export class Line {
  readonly #wires: Wires
  readonly #process: SimulatedProcess
  #arrivesMs = 0
  #answersMs = 0

  constructor(wires: Wires, process: SimulatedProcess) {
    this.#wires = wires
    this.#process = process
  }

  /**
   * @param takesMs At least and at most, until it is done.
   * @param before Called with what came of it, before the promise resolves.
   */
  ask<T>(
    work: () => T,
    takesMs: readonly [number, number],
    before?: (value: T) => void,
  ): Promise<T> {
    const { time, random } = this.#wires
    const { promise, resolve } = Promise.withResolvers<T>()
    const tell = (): void => {
      const outcome = attempt(work)
      this.#answer(() => {
        if ('value' in outcome) before?.(outcome.value)
        resolve('value' in outcome ? outcome.value : outcome.refused)
      })
    }
    this.#arrivesMs = Math.max(this.#arrivesMs, time.nowMs + random.between(...takesMs))
    time.after(this.#arrivesMs - time.nowMs, () => {
      this.#whenThere(tell)
    })
    return promise
  }

  #whenThere(work: () => void): void {
    const { time, database } = this.#wires
    const awayMs = database.awayUntilMs - time.nowMs
    if (awayMs <= 0) return work()
    time.after(awayMs, () => {
      this.#whenThere(work)
    })
  }

  #answer(act: () => void): void {
    const { time, random } = this.#wires
    this.#answersMs = Math.max(this.#answersMs, time.nowMs + random.between(0.05, 0.3))
    time.after(this.#answersMs - time.nowMs, () => {
      this.#process.run(act)
    })
  }
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly refused: Promise<never> } {
  try {
    return { value: work() }
  } catch (error) {
    const reason = error instanceof Error ? error : new Error('unknown', { cause: error })
    const refused = Promise.reject<never>(reason)
    // Who asked is told of it a little later.
    refused.catch(() => undefined)
    return { refused }
  }
}
