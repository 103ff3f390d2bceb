/**
 * Nonces that say when a proof can have been made (RFC 9449, section 8). Nothing is stored: one is
 * the number of a minute and its hash under a secret that every node has, since it comes of a
 * signing key. Each is good in its minute and the next; a node whose clock is a minute off is
 * understood.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { CoreDependencies } from './dependencies.ts'

const WINDOW_MS = 60_000
const PURPOSE = 'outright dpop nonce'

type Needed = Pick<CoreDependencies, 'keys' | 'clock'>

/** A nonce for the proofs of this minute. */
export async function issueNonce({ keys, clock }: Needed): Promise<string> {
  const [secret] = await keys.secrets(PURPOSE)
  return nonceOf(secret, windowAt(clock.nowMs()))
}

/** Whether it is one of this server, and of about now. */
export async function isServerNonce({ keys, clock }: Needed, nonce: string): Promise<boolean> {
  const window = Number.parseInt(nonce, 36)
  if (!(Math.abs(window - windowAt(clock.nowMs())) <= 1)) return false
  const given = Buffer.from(nonce)
  return (await keys.secrets(PURPOSE)).some((secret) => {
    const own = Buffer.from(nonceOf(secret, window))
    return own.length === given.length && timingSafeEqual(own, given)
  })
}

function windowAt(nowMs: number): number {
  return Math.floor(nowMs / WINDOW_MS)
}

function nonceOf(secret: Buffer, window: number): string {
  const number = window.toString(36)
  return `${number}.${createHmac('sha256', secret).update(number).digest('base64url')}`
}
