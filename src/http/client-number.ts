/** Ids of clients that are integers on the wire: Octopus's `client_id`. */
import type { Random } from '../ports/random.ts'

/** The integer that an id stands for; undefined where it stands for none. */
export function clientNumber(id: string): number | undefined {
  const number = /^\d+$/.test(id) ? Number(id) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** Mints an id that every caller can hold: a positive integer of 31 bits. */
export function mintClientNumber(random: Random): string {
  const bits = new DataView(random.bytes(4).slice().buffer).getUint32(0) >>> 1
  return String(Math.max(1, bits))
}
