import { scopeRow, type Scope } from '../domain/scope.ts'
import { sha256Start } from './sha256.ts'
import { isUuid, lastHalf } from './uuid.ts'

/**
 * What a replica is keyed by: two halves of 64 bits, as signed 32-bit integers. Unsigned ones would
 * stand for the same, but every second would take an object of its own.
 */
export interface Fingerprint {
  readonly high: number
  readonly low: number
}

/** A revocation as a replica keeps it. Structural, so that the wire and the log both fit. */
export interface Entry {
  readonly scope: Scope
  readonly key: string
  /** The counter's value; 0 for narrow scopes. */
  readonly generation: number
  readonly forgetAfterMs: number
}

/** Numbers in one entry: high, low, forget-after in seconds, generation (0: revoked). */
export const WORDS_PER_ENTRY = 4

/**
 * The fingerprint of what a revocation names. Ids that are minted here (of tokens, sessions and
 * signing keys) are UUIDs whose last 64 bits are random, so those are taken as they are; every
 * other name is hashed, with its scope, so that nobody can choose a name that meets another's
 * fingerprint.
 */
export function fingerprint(scope: Scope, key: string): Fingerprint {
  return randomHalf(scope, key) ?? sha256Start(`${scope}\0${key}`)
}

/** Writes an entry's words; everyone's counter has the fingerprint 0, 0. */
export function writeEntry(entry: Entry, words: Uint32Array, offset: number): void {
  const { high, low } =
    entry.scope === 'everyone' ? { high: 0, low: 0 } : fingerprint(entry.scope, entry.key)
  words[offset] = high
  words[offset + 1] = low
  words[offset + 2] = Math.min(Math.ceil(entry.forgetAfterMs / 1000), 0xffff_ffff)
  words[offset + 3] = entry.generation
}

function randomHalf(scope: Scope, key: string): Fingerprint | undefined {
  return scopeRow(scope).minted && isUuid(key) ? lastHalf(key) : undefined
}
