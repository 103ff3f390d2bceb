/**
 * A seeded bijection on 64-bit fingerprints, as two unsigned halves and without bigint: a Feistel
 * network of two rounds. It spreads fingerprints evenly whatever their fixed bits are (the random
 * half of a UUIDv7 always begins with `10`), and each half undoes itself. It is not encryption.
 */

/**
 * Scrambles the low half of a fingerprint. Its own inverse, given the same `high`.
 *
 * @param high The high half, not scrambled.
 * @param low The low half.
 * @param seed The seed of the table.
 * @returns The low half in the order of the table.
 */
export function scrambleLow(high: number, low: number, seed: number): number {
  return (low ^ mix(high + seed)) >>> 0
}

/**
 * Scrambles the high half of a fingerprint. Its own inverse, given the same `scrambledLow`.
 *
 * @param high The high half.
 * @param scrambledLow What {@link scrambleLow} made of the low half.
 * @param seed The seed of the table.
 * @returns The high half in the order of the table.
 */
export function scrambleHigh(high: number, scrambledLow: number, seed: number): number {
  return (high ^ mix(scrambledLow - seed)) >>> 0
}

/** Mixes 32 bits so that each bit of the input reaches all of the output (`lowbias32`, C. Wellons). */
function mix(input: number): number {
  let bits = input | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb_352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846c_a68b)
  return bits ^ (bits >>> 16)
}
