import type { ProofProblem } from '../protocol/dpop.ts'
import { PROOF_SECONDS, type Proof } from './dpop-proof.ts'
import { sha256Start } from './sha256.ts'

const SLOT_SECONDS = 30

/** The proofs that were made in one half minute. */
interface Slot {
  /** 53 bits of the hash of each. */
  readonly proofs: Set<number>
  /** How many are of each key, by the beginning of its thumbprint. */
  readonly ofKeys: Map<string, number>
}

/** Bits enough to tell keys apart, in a text that holds on to no longer one. */
const KEY_CHARACTERS = 12

/**
 * Remembers which proofs were used, each until it is too old anyway, and at most `capacity`. Kept
 * by the half minute in which they were made, so that forgetting costs nothing.
 *
 * No key may hold more than is left free (the dynamic threshold of Choudhury and Hahne, 1998). So
 * one that floods fills half of it, ten leave an eleventh, and keys with few proofs find room.
 */
export class ProofMemory {
  readonly #capacity: number
  /** By number of the half minute. */
  readonly #slots = new Map<number, Slot>()
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
   * @returns Undefined for the first use; `full` where no more of its key can be remembered: then
   *   it is unknown whether it was the first.
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
    if (slot?.proofs.has(key) === true) return 'replayed'
    const owner = thumbprint.slice(0, KEY_CHARACTERS)
    if (this.#countOf(owner) >= this.#capacity - this.#size) return 'full'
    if (slot === undefined) {
      slot = { proofs: new Set(), ofKeys: new Map() }
      this.#slots.set(number, slot)
    }
    slot.proofs.add(key)
    slot.ofKeys.set(owner, (slot.ofKeys.get(owner) ?? 0) + 1)
    this.#size++
    return undefined
  }

  #countOf(owner: string): number {
    let count = 0
    for (const { ofKeys } of this.#slots.values()) count += ofKeys.get(owner) ?? 0
    return count
  }

  #forget(untilSeconds: number): void {
    for (const [number, slot] of this.#slots) {
      const endSeconds = (number + 1) * SLOT_SECONDS
      if (endSeconds > untilSeconds) continue
      this.#slots.delete(number)
      this.#size -= slot.proofs.size
      this.#forgottenUntilSeconds = Math.max(this.#forgottenUntilSeconds, endSeconds)
    }
  }
}
