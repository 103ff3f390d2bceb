import { v7, type Version7Options } from 'uuid'
import type { Random } from '../ports/random.ts'

/**
 * Mints a UUIDv7 (RFC 9562, section 5.7): time-ordered, so that rows written together lie together.
 *
 * @param random Source of its random half, which is the fingerprint of tokens and sessions.
 * @param nowMs Milliseconds since 1970.
 */
export function mintId(random: Random, nowMs: number): string {
  return v7(optionsOf(random, nowMs))
}

/** The same as its 16 bytes. */
export function mintIdBytes(random: Random, nowMs: number): Buffer {
  return v7(optionsOf(random, nowMs), Buffer.alloc(16))
}

/** Without a sequence of its own the library draws it from the random bytes given here. */
function optionsOf(random: Random, nowMs: number): Version7Options {
  return { msecs: nowMs, random: random.bytes(16) }
}
