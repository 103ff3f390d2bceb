import type { ProofProblem } from '../protocol/dpop.ts'
import { PROOF_SECONDS, type Proof } from './dpop-proof.ts'
import { sha256Start } from './sha256.ts'

const SLOT_SECONDS = 30

/**
 * Remembers which proofs were used, each until it is too old anyway, and at most `capacity`. Kept
 * by the half minute in which they were made, so that forgetting costs nothing.
 */
export class ProofMemory {
  readonly #capacity: number
  /** By number of the half minute: 53 bits of the hash of each. */
  readonly #slots = new Map<number, Set<number>>()
  /** Proofs of before were forgotten: a clock that is set back must not make them good again. */
  #forgottenUntilSeconds = 0
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  /**
   * Notes that a proof was used.
   *
   * @returns Undefined for the first use; `full` where no more can be remembered: then it is
   *   unknown whether it was the first.
   */
  use(
    { thumbprint, id, madeAtSeconds }: Proof,
    nowMs: number,
  ): Extract<ProofProblem, 'replayed' | 'time'> | 'full' | undefined {
    this.#forget(nowMs / 1000 - PROOF_SECONDS)
    if (madeAtSeconds < this.#forgottenUntilSeconds) return 'time'
    const number = Math.floor(madeAtSeconds / SLOT_SECONDS)
    let slot = this.#slots.get(number)
    const { high, low } = sha256Start(`${thumbprint} ${id}`)
    const key = high * 2 ** 21 + (low >>> 11)
    if (slot?.has(key) === true) return 'replayed'
    if (this.#size >= this.#capacity) return 'full'
    if (slot === undefined) this.#slots.set(number, (slot = new Set()))
    slot.add(key)
    this.#size++
    return undefined
  }

  #forget(untilSeconds: number): void {
    for (const [number, slot] of this.#slots) {
      const endSeconds = (number + 1) * SLOT_SECONDS
      if (endSeconds > untilSeconds) continue
      this.#slots.delete(number)
      this.#size -= slot.size
      this.#forgottenUntilSeconds = Math.max(this.#forgottenUntilSeconds, endSeconds)
    }
  }
}
