/** The memory of a sub-table: how much it takes, where it comes from, and how it is given back. */

/** The load above which a sub-table grows: an undivided one, and one of many. */
export const loadMost = { undivided: 0.75, divided: 0.88 } as const
/** A sub-table shrinks where that takes a sixth off it. */
export const shrinksBelow = 0.83
/** The load of one of many that was just laid out. */
const loadFresh = 0.78
/** One with fewer entries is laid out for twice as many: laying out often costs more than its bytes. */
const smallEntries = 512
const capacityLeast = 8
/** Bytes from which on an array gets pages of its own. */
const ownPagesLeast = 8192

/**
 * How many home slots a sub-table gets.
 *
 * @param count The entries that it is laid out for.
 * @param kind An undivided table is laid out for twice its entries, whatever their number.
 * @returns Home slots, more than the entries.
 */
export function capacityFor(count: number, kind: keyof typeof loadMost): number {
  const isSmall = kind === 'undivided' || count < smallEntries
  return Math.max(capacityLeast, Math.ceil(isSmall ? count * 2 : count / loadFresh))
}

/**
 * Makes the array of a sub-table. Large arrays get pages of their own from the operating system
 * (that is how resizable buffers are made) and give them back at once. The C allocator would keep
 * what a sub-table outgrew as a hole that the next, larger one does not fit: two and a half bytes
 * an entry.
 *
 * @param length How many words.
 * @returns The array, all zero.
 */
export function allocateSlots(length: number): Uint32Array<ArrayBuffer> {
  const bytes = length * Uint32Array.BYTES_PER_ELEMENT
  if (bytes < ownPagesLeast) return new Uint32Array(length)
  return new Uint32Array(new ArrayBuffer(bytes, { maxByteLength: bytes }))
}

/**
 * Frees a large array now, by detaching it: the garbage collector would let them pile up.
 *
 * @param words What {@link allocateSlots} made; of no use afterwards.
 */
export function freeSlots(words: Uint32Array<ArrayBuffer>): void {
  if (words.byteLength >= ownPagesLeast) words.buffer.transferToFixedLength(0)
}
