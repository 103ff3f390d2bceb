import type { Random } from '../ports/random.ts'

/**
 * Randomness that is the same for the same seed (xorshift128), for simulations that can be
 * repeated.
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4)

  /** @param seed Any whole number from 0 to 2^32 - 1. */
  constructor(seed: number) {
    // Spreads near seeds apart, and avoids the all-zero state, which would stay so.
    let mixed = (seed ^ 0x9e37_79b9) >>> 0
    for (let index = 0; index < 4; index++) {
      mixed = (Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca6b) + 0x6d2b_79f5) >>> 0
      this.#state[index] = (mixed ^ (mixed >>> 13)) >>> 0
    }
    this.#state[0]! |= 1
    for (let round = 0; round < 12; round++) this.#word()
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.#word() / 0x1_0000_0000
  }

  /** From `least` up to, not including, `most`. */
  between(least: number, most: number): number {
    return least + this.fraction() * (most - least)
  }

  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor(this.fraction() * count)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One of the items. */
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('Cannot pick from nothing')
    return item
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  #word(): number {
    const state = this.#state
    let first = state[3]!
    const second = state[0]!
    state[3] = state[2]!
    state[2] = state[1]!
    state[1] = second
    first ^= first << 11
    first ^= first >>> 8
    state[0] = (first ^ second ^ (second >>> 19)) >>> 0
    return state[0]
  }
}
