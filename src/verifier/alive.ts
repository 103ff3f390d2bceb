import type { Places } from './changes.ts'
import { CUTOFF, FACT_NUMBERS, NARROW, type TokenFacts } from './token-facts.ts'

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
  /**
   * False only where nothing was applied since the version about what stands at these places, nor
   * about everyone.
   */
  mayConcern(places: Places, version: number): boolean
}

/** What a token names, and when none of it had ended. */
export interface KnownFacts extends TokenFacts, Places {
  /** The replica's version at which it was last found alive; -1 before. */
  aliveAtVersion: number
}

/**
 * The one decision on whether anything that a token names has ended. Signature, issuer, audience,
 * type and time are judged before; this is the rest of `alive`.
 */
export function isAlive(replica: RevocationView, facts: TokenFacts): boolean {
  if (hasEveryoneEnded(replica, facts)) return false
  // Not taken apart by a pattern: that allocates, until the function is optimized.
  const named = facts.named
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    if (hasEnded(replica, facts, at)) return false
  }
  return true
}

function hasEveryoneEnded(replica: RevocationView, { everyone }: TokenFacts): boolean {
  return everyone !== CUTOFF && everyone < replica.everyone
}

/** Whether the thing has ended whose numbers begin there. */
function hasEnded(replica: RevocationView, facts: TokenFacts, at: number): boolean {
  const named = facts.named
  const high = named[at]!
  const low = named[at + 1]!
  const generation = named[at + 2]!
  if (generation >= 0) return generation < replica.generation(high, low)
  if (generation === NARROW) return replica.isRevoked(high, low)
  return facts.sinceSeconds <= replica.cutoff(high, low)
}

/**
 * The same about facts that were found alive at an earlier version of the replica: what has not
 * changed since need not be looked up again.
 */
export function isStillAlive(replica: RevocationView, known: KnownFacts): boolean {
  const since = known.aliveAtVersion
  if (replica.version === since || !replica.mayConcern(known, since)) return true
  return isAliveSince(replica, known, since)
}

/** Apart, so that what most checks need is small enough to be compiled into them. */
function isAliveSince(replica: RevocationView, facts: TokenFacts, since: number): boolean {
  if (hasEveryoneEnded(replica, facts)) return false
  const named = facts.named
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    if (replica.mayHaveChanged(named[at]!, since) && hasEnded(replica, facts, at)) return false
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
