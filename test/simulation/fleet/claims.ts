import { MAX_DUE_MS, type ClaimCommand, type SettleCommand } from '../../../src/ports/delivery.ts'
import type { Delivery } from '../../../src/domain/delivery.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { Truth } from './truth.ts'

interface Held {
  /** The process itself, whatever name it claims under. */
  readonly by: SimulatedProcess
  /** By the clock that it was claimed by. */
  readonly untilMs: number
}

/**
 * Watches claims at the database: until the lease of one is over or its holder settles it, no other
 * process may claim the delivery; and what was delivered is not claimed again.
 */
export class Claims {
  readonly #truth: Truth
  /** By delivery. */
  readonly #held = new Map<string, Held>()
  readonly #delivered = new Set<string>()

  constructor(truth: Truth) {
    this.#truth = truth
  }

  claimed(
    by: SimulatedProcess,
    { nowMs, leaseMs }: ClaimCommand,
    deliveries: readonly Delivery[],
  ): void {
    for (const { id } of deliveries) {
      const held = this.#held.get(id)
      // What is further ahead was written by a clock that was wrong.
      const isHeld =
        held !== undefined && held.untilMs > nowMs && held.untilMs <= nowMs + MAX_DUE_MS
      if (isHeld) this.#truth.complain(`the delivery ${id} was claimed twice at once`)
      if (this.#delivered.has(id)) this.#truth.complain(`the delivered ${id} was claimed again`)
      this.#held.set(id, { by, untilMs: nowMs + leaseMs })
    }
  }

  settled(by: SimulatedProcess, { id, state }: SettleCommand): void {
    if (this.#held.get(id)?.by === by) this.#held.delete(id)
    if (state === 'delivered') this.#delivered.add(id)
  }

  /** An older database has taken the place of this one. */
  forget(): void {
    this.#held.clear()
    this.#delivered.clear()
  }
}
