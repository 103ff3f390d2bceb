import { FACT_NUMBERS, NARROW, type TokenFacts } from './token-facts.ts'

/** What is asked of a replica about a token. */
export interface RevocationView {
  /** Grows with every change. */
  readonly version: number
  /** The generation of everyone. */
  readonly everyone: number
  isRevoked(high: number, low: number): boolean
  /** 0 where the counter was never raised. */
  generation(high: number, low: number): number
  /** The last second that is dead, Unix time; 0 where nothing is cut off. */
  cutoff(high: number, low: number): number
  /** False only where nothing was applied about the fingerprint since the version. */
  mayHaveChanged(high: number, version: number): boolean
}

/**
 * The one decision on whether anything that a token names has ended. Signature, issuer, audience,
 * type and time are judged before; this is the rest of `alive`.
 */
export function isAlive(replica: RevocationView, facts: TokenFacts): boolean {
  if (facts.everyone < replica.everyone) return false
  // Not taken apart by a pattern: that allocates, until the function is optimized.
  const named = facts.named
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    const high = named[at]!
    const low = named[at + 1]!
    const generation = named[at + 2]!
    if (generation >= 0) {
      if (generation < replica.generation(high, low)) return false
    } else if (generation === NARROW) {
      if (replica.isRevoked(high, low)) return false
    } else if (facts.sinceSeconds <= replica.cutoff(high, low)) return false
  }
  return true
}

/**
 * Up to which second everything is dead that a token like this one could say: a new one that is
 * issued later is good.
 *
 * @returns 0 where waiting does not help: what ended is a thing that ends for good, or nothing that
 *   ends up to a second.
 */
export function deadUntilSeconds(
  replica: Pick<RevocationView, 'isRevoked' | 'cutoff'>,
  { named }: TokenFacts,
): number {
  let until = 0
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    const high = named[at]!
    const low = named[at + 1]!
    const generation = named[at + 2]!
    if (generation === NARROW && replica.isRevoked(high, low)) return 0
    if (generation < NARROW) until = Math.max(until, replica.cutoff(high, low))
  }
  return until
}

/**
 * The same about facts that were found alive at an earlier version of the replica: what has not
 * changed since need not be looked up again.
 */
export function isStillAlive(
  replica: RevocationView,
  facts: TokenFacts,
  aliveAtVersion: number,
): boolean {
  if (replica.version === aliveAtVersion) return true
  if (facts.everyone < replica.everyone) return false
  const named = facts.named
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    if (replica.mayHaveChanged(named[at]!, aliveAtVersion)) return isAlive(replica, facts)
  }
  return true
}

/**
 * Whether a signing key was removed. No token carries a generation of its key: the holder of the
 * key could write any.
 */
export function isRemovedKey(
  replica: Pick<RevocationView, 'generation'>,
  high: number,
  low: number,
): boolean {
  return replica.generation(high, low) > 0
}
