/**
 * An ordered hash table from 64-bit fingerprints to unsigned 32-bit numbers, in typed arrays.
 *
 * It owns the memory layout and nothing else: what the numbers mean is `replica.ts`.
 *
 * How it works: a fingerprint is scrambled (a bijection), its first byte picks one of 256
 * sub-tables, and the next 24 bits, scaled to the capacity, are its _home_ slot. Few entries lie in
 * one sub-table together, by all of their bits: a process that keeps many small replicas then walks
 * through less memory. Slots are kept in ascending order, so that a sub-table is a sorted list with
 * gaps (_ordered linear probing_). That order buys four things:
 *
 * - a look-up that misses stops at the first larger fingerprint, so it is as cheap as one that hits,
 *   even nine tenths full; the memory therefore stays near the 12 bytes that an entry needs;
 * - growing is one sequential copy of one small sub-table, which never stalls the process;
 * - forgetting is one sequential pass that closes the gaps behind it, without tombstones;
 * - an iteration can resume after any change, because "the next larger one" is always well defined.
 *
 * The scramble is seeded for each table, because entries that arrive in the order of a table of the
 * same seed (a snapshot) would all press into the low end of a table that is still growing.
 */

import { entryWords } from '../protocol/feed.ts'
import { scrambleHigh, scrambleLow } from './scramble.ts'
import { allocateSlots, capacityFor, freeSlots, loadMost, shrinksBelow } from './slots.ts'

/** The largest unsigned 32-bit number; as a forget-after second it means "never". */
export const largestNumber = 0xffff_ffff

/** How many sub-tables there are at most: one for each first byte. */
export const subTables = 256

/** With more entries than this, the one sub-table is divided into {@link subTables}. */
export const undividedMost = 16_384

/** Words of a slot that has a number: high, low, forget-after second, number. */
const numberedWidth = 4

/** Slots after the last home slot; doubled wherever they do not suffice. */
const slackLeast = 16

/** Stands for every sub-table that holds nothing: a few empty slots of either width, never written. */
const nothing = new Uint32Array(12)

/**
 * The table. Every number in it only grows: {@link FingerprintTable.merge} keeps the larger, so that
 * entries may arrive twice and in any order.
 */
export class FingerprintTable {
  readonly #seed: number
  /** Words of a slot: high, low, forget-after second (0 where the slot is empty), and a number. */
  readonly #width: number
  /** One sub-table, or {@link subTables} of them. */
  #words: Uint32Array<ArrayBuffer>[] = [nothing]
  /** Home slots of each sub-table; the slots after them take what overflows at the end. */
  #capacities: Uint32Array = new Uint32Array(1)
  #counts: Uint32Array = new Uint32Array(1)
  #kind: keyof typeof loadMost = 'undivided'
  /** What of the first byte picks the sub-table: nothing, or all of it. */
  #indexMask = 0
  /** The bits that pick the home slot inside the sub-table, and how many values they have. */
  #homeMask = 0xffff_ffff
  #homes = 0x1_0000_0000
  #entries = 0
  #resumeSlot = -1

  /**
   * Makes an empty table.
   *
   * @param valueWords 1 where an entry is only its forget-after second, 2 where it has a number
   *   too.
   * @param seed Any unsigned 32-bit number, best a random one.
   */
  constructor(valueWords: 1 | 2, seed: number) {
    this.#width = 2 + valueWords
    this.#seed = seed
  }

  /** How many entries the table holds. */
  get entries(): number {
    return this.#entries
  }

  /**
   * Looks a fingerprint up. Allocates nothing.
   *
   * @param high The high half.
   * @param low The low half.
   * @returns The last word of the entry (its number where it has one, else its forget-after
   *   second), or 0 where there is no entry.
   */
  get(high: number, low: number): number {
    const sortLow = scrambleLow(high, low, this.#seed)
    const sortHigh = scrambleHigh(high, sortLow, this.#seed)
    const words = this.#words[this.#indexOf(sortHigh)]!
    const offset = this.#seek(words, sortHigh, sortLow)
    // An empty slot is all zero, so fingerprint (0, 0) that is not there reads as 0 here, too.
    if (words[offset] !== sortHigh || words[offset + 1] !== sortLow) return 0
    return words[offset + this.#width - 1]!
  }

  /**
   * Adds an entry, or raises the words of the one that is there to the given ones where they are
   * larger.
   *
   * @param high The high half.
   * @param low The low half.
   * @param forgetAfter Unix time in seconds, 1 to {@link largestNumber}.
   * @param number The number of the entry; ignored where the table has none.
   * @returns Whether anything changed.
   */
  merge(high: number, low: number, forgetAfter: number, number: number): boolean {
    const sortLow = scrambleLow(high, low, this.#seed)
    const sortHigh = scrambleHigh(high, sortLow, this.#seed)
    const words = this.#words[this.#indexOf(sortHigh)]!
    const offset = this.#seek(words, sortHigh, sortLow)
    if (words[offset + 2] !== 0 && words[offset] === sortHigh && words[offset + 1] === sortLow) {
      return this.#raise(words, offset, forgetAfter, number)
    }
    if (this.#kind === 'undivided' && this.#entries === undividedMost) {
      this.#divide()
      return this.merge(high, low, forgetAfter, number)
    }
    this.#insert(sortHigh, sortLow, offset, forgetAfter, number)
    return true
  }

  /**
   * Drops the entries of a sub-table whose time has passed and closes the gaps.
   *
   * @param index The sub-table, below {@link subTables}; nothing happens where it does not exist.
   * @param fromSlot The slot to begin with.
   * @param budget How many slots to examine at most.
   * @param nowSeconds An entry is dropped when its forget-after second is smaller than this.
   * @returns How many entries were dropped; {@link FingerprintTable.resumeSlot} says where to go on.
   */
  sweep(index: number, fromSlot: number, budget: number, nowSeconds: number): number {
    const words = this.#words[index] ?? nothing
    this.#resumeSlot = -1
    if (words === nothing) return 0
    const width = this.#width
    const end = Math.min((fromSlot + budget) * width, words.length)
    let resume = end
    let dropped = 0
    let free = fromSlot * width
    for (let offset = free; offset < words.length; offset += width) {
      const forgetAfter = words[offset + 2]!
      if (forgetAfter === 0) {
        if (offset >= end) break
        continue
      }
      if (offset < end && forgetAfter < nowSeconds && forgetAfter !== largestNumber) {
        words.fill(0, offset, offset + width)
        dropped++
        continue
      }
      const target = Math.max(this.#home(words[offset]!), free)
      free = target + width
      if (target !== offset) {
        words.copyWithin(target, offset, offset + width)
        words.fill(0, offset, offset + width)
        // Moved before the end without having been examined: the next call begins with it.
        if (offset >= end) resume = Math.min(resume, target)
      } else if (offset >= end) break
    }
    this.#counts[index]! -= dropped
    this.#entries -= dropped
    if (resume < words.length) this.#resumeSlot = resume / width
    else this.#shrink(index)
    return dropped
  }

  /** Where the next {@link FingerprintTable.sweep} of the same sub-table goes on; -1 when it is done. */
  get resumeSlot(): number {
    return this.#resumeSlot
  }

  /** How many entries a sub-table holds; 0 where there is none of that index. */
  count(index: number): number {
    return this.#counts[index] ?? 0
  }

  /**
   * How many slots a sub-table has, empty ones too: what a whole {@link FingerprintTable.sweep} of
   * it examines.
   */
  slots(index: number): number {
    return this.#words[index]!.length / this.#width
  }

  /**
   * Copies all entries out in bounded pieces. The table may change between two pieces: an entry
   * that is there all the time is delivered exactly once, any other at most once.
   *
   * @param most How many entries a piece holds at most.
   * @param kind What the entries say: the last word of each.
   * @yields `entryWords` words for each entry: high, low, forget-after second, number (or 0), kind.
   */
  *chunks(most: number, kind: number): Generator<Uint32Array<ArrayBuffer>, void, undefined> {
    let chunk = new Uint32Array(Math.min(most, this.#entries) * entryWords)
    let filled = 0
    for (let index = 0; index < this.#words.length; index++) {
      let offset = 0
      while ((offset = this.#nextEntry(index, offset)) >= 0) {
        if (filled === chunk.length && filled > 0) {
          const last = this.#words[index]!.slice(offset, offset + 2)
          yield chunk
          // The sub-table may be another by now: find the place again, not by slot but by order.
          chunk = new Uint32Array(Math.min(most, this.#entries) * entryWords)
          filled = 0
          index = this.#indexOf(last[0]!)
          offset = this.#seek(this.#words[index]!, last[0]!, last[1]!)
          continue
        }
        this.#copyEntry(this.#words[index]!, offset, chunk, filled)
        chunk[filled + 4] = kind
        filled += entryWords
        offset += this.#width
      }
    }
    if (filled > 0) yield chunk.subarray(0, filled)
  }

  /** Drops everything and gives the memory back. */
  clear(): void {
    for (let index = 0; index < this.#words.length; index++) this.#replace(index, nothing, 0)
    this.#counts.fill(0)
    this.#entries = 0
  }

  /**
   * How much memory the sub-tables take.
   *
   * @returns Bytes.
   */
  memoryBytes(): number {
    return this.#words.reduce((sum, words) => sum + (words === nothing ? 0 : words.byteLength), 0)
  }

  /** The sub-table of a scrambled fingerprint. */
  #indexOf(sortHigh: number): number {
    return (sortHigh >>> 24) & this.#indexMask
  }

  /** The home of a scrambled fingerprint, as an offset in words. Monotone in `sortHigh`. */
  #home(sortHigh: number): number {
    const capacity = this.#capacities[this.#indexOf(sortHigh)]!
    const bits = (sortHigh & this.#homeMask) >>> 0
    return (((bits * capacity) / this.#homes) >>> 0) * this.#width
  }

  /** The offset of the first slot from home on that is empty or holds this or a larger fingerprint. */
  #seek(words: Uint32Array, sortHigh: number, sortLow: number): number {
    const width = this.#width
    let offset = this.#home(sortHigh)
    // The last slot is always empty, so the loop ends inside the array.
    while (words[offset + 2] !== 0) {
      const slotHigh = words[offset]!
      if (slotHigh > sortHigh) break
      if (slotHigh === sortHigh && words[offset + 1]! >= sortLow) break
      offset += width
    }
    return offset
  }

  #raise(words: Uint32Array, offset: number, forgetAfter: number, number: number): boolean {
    let changed = false
    if (forgetAfter > words[offset + 2]!) {
      words[offset + 2] = forgetAfter
      changed = true
    }
    if (this.#width === numberedWidth && number > words[offset + 3]!) {
      words[offset + 3] = number
      changed = true
    }
    return changed
  }

  #insert(
    sortHigh: number,
    sortLow: number,
    sought: number,
    forgetAfter: number,
    number: number,
  ): void {
    const width = this.#width
    const index = this.#indexOf(sortHigh)
    const count = this.#counts[index]! + 1
    let words = this.#words[index]!
    let offset = sought
    if (count > this.#capacities[index]! * loadMost[this.#kind]) {
      words = this.#rebuild(index, capacityFor(count, this.#kind), slackLeast)
      offset = this.#seek(words, sortHigh, sortLow)
    }
    let end = offset
    while (words[end + 2] !== 0) end += width
    while (end + width === words.length) {
      const capacity = this.#capacities[index]!
      words = this.#rebuild(index, capacity, (this.slots(index) - capacity) * 2)
      end = offset = this.#seek(words, sortHigh, sortLow)
      while (words[end + 2] !== 0) end += width
    }
    if (end > offset) words.copyWithin(offset + width, offset, end)
    words[offset] = sortHigh
    words[offset + 1] = sortLow
    words[offset + 2] = forgetAfter
    if (width === numberedWidth) words[offset + 3] = number
    this.#counts[index] = count
    this.#entries++
  }

  /** Gives every first byte a sub-table of its own. Takes about a millisecond, once. */
  #divide(): void {
    const before = this.#words[0]!
    this.#words = new Array<Uint32Array<ArrayBuffer>>(subTables).fill(nothing)
    this.#capacities = new Uint32Array(subTables)
    this.#counts = new Uint32Array(subTables)
    this.#kind = 'divided'
    this.#indexMask = subTables - 1
    this.#homes = 0x1_0000_0000 / subTables
    this.#homeMask = this.#homes - 1
    for (let offset = 0; offset < before.length; offset += this.#width) {
      if (before[offset + 2] !== 0) this.#counts[before[offset]! >>> 24]!++
    }
    let from = 0
    for (const [index, count] of this.#counts.entries()) {
      if (count === 0) continue
      this.#layOut(index, before, from, capacityFor(count, this.#kind), slackLeast)
      while (from < before.length && (before[from + 2] === 0 || before[from]! >>> 24 === index)) {
        from += this.#width
      }
    }
  }

  /** Lays a sub-table out anew: one sequential copy, in order. */
  #rebuild(index: number, capacity: number, slack: number): Uint32Array<ArrayBuffer> {
    return this.#layOut(index, this.#words[index]!, 0, capacity, slack)
  }

  /** Makes a sub-table of those entries that belong to it, which stand together from `from` on. */
  #layOut(
    index: number,
    before: Uint32Array<ArrayBuffer>,
    from: number,
    capacity: number,
    slack: number,
  ): Uint32Array<ArrayBuffer> {
    const width = this.#width
    const after = allocateSlots((capacity + slack) * width)
    const capacityBefore = this.#capacities[index]!
    this.#capacities[index] = capacity
    let free = 0
    for (let offset = from; offset < before.length; offset += width) {
      if (before[offset + 2] === 0) continue
      if (this.#indexOf(before[offset]!) !== index) break
      const target = Math.max(this.#home(before[offset]!), free)
      free = target + width
      if (free + width > after.length) {
        this.#capacities[index] = capacityBefore
        return this.#layOut(index, before, from, capacity, slack * 2)
      }
      for (let word = 0; word < width; word++) after[target + word] = before[offset + word]!
    }
    this.#replace(index, after, capacity)
    return after
  }

  #shrink(index: number): void {
    const capacity = capacityFor(this.#counts[index]!, this.#kind)
    if (this.#counts[index] === 0) this.#replace(index, nothing, 0)
    else if (capacity < this.#capacities[index]! * shrinksBelow) {
      this.#rebuild(index, capacity, slackLeast)
    }
  }

  #replace(index: number, words: Uint32Array<ArrayBuffer>, capacity: number): void {
    const before = this.#words[index]!
    this.#words[index] = words
    this.#capacities[index] = capacity
    freeSlots(before)
  }

  /** The offset of the first entry at or after `offset`, or -1. */
  #nextEntry(index: number, offset: number): number {
    const words = this.#words[index]!
    for (let at = offset; at + this.#width <= words.length; at += this.#width) {
      if (words[at + 2] !== 0) return at
    }
    return -1
  }

  #copyEntry(words: Uint32Array, offset: number, chunk: Uint32Array, at: number): void {
    const sortLow = words[offset + 1]!
    const high = scrambleHigh(words[offset]!, sortLow, this.#seed)
    chunk[at] = high
    chunk[at + 1] = scrambleLow(high, sortLow, this.#seed)
    chunk[at + 2] = words[offset + 2]!
    chunk[at + 3] = this.#width === numberedWidth ? words[offset + 3]! : 0
  }
}
