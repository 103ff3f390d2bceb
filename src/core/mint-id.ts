import { v7 } from 'uuid'
import type { Random } from '../ports/random.ts'

/**
 * Mints a UUIDv7 (RFC 9562, section 5.7): time-ordered, so that rows written together lie together.
 *
 * @param random Source of its random half, which is the fingerprint of tokens and sessions.
 * @param nowMs Milliseconds since 1970.
 */
export function mintId(random: Random, nowMs: number): string {
  const bytes = random.bytes(16)
  // Without a sequence of its own the library draws it from the random bytes given here.
  return v7({ msecs: nowMs, random: bytes })
}
