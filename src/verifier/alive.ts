import type { TokenFacts } from './token-facts.ts'

/** What is asked of a replica about a token. */
export interface RevocationView {
  /** Grows with every change. */
  readonly version: number
  /** The generation of everyone. */
  readonly everyone: number
  isRevoked(high: number, low: number): boolean
  /** 0 where the counter was never raised. */
  generation(high: number, low: number): number
  /** False only where the fingerprint was neither revoked nor raised since the version. */
  mayHaveChanged(high: number, version: number): boolean
}

/**
 * The one decision on whether anything that a token names has ended. Signature, issuer, audience,
 * type and time are judged before; this is the rest of `alive`.
 */
export function isAlive(replica: RevocationView, facts: TokenFacts): boolean {
  // Not taken apart by a pattern: that allocates, until the function is optimized.
  const { generations } = facts
  return (
    generations[0] >= replica.everyone &&
    !replica.isRevoked(facts.sidHigh, facts.sidLow) &&
    !replica.isRevoked(facts.jtiHigh, facts.jtiLow) &&
    generations[1] >= replica.generation(facts.subjectHigh, facts.subjectLow) &&
    generations[2] >= replica.generation(facts.clientHigh, facts.clientLow) &&
    generations[3] >= replica.generation(facts.grantHigh, facts.grantLow) &&
    (!facts.hasDevice || generations[4] >= replica.generation(facts.deviceHigh, facts.deviceLow)) &&
    (!facts.hasSigningKey || !isRemovedKey(replica, facts.signingKeyHigh, facts.signingKeyLow))
  )
}

/**
 * The same about facts that were found alive at an earlier version of the replica: what nobody has
 * touched since need not be looked up again.
 */
export function isStillAlive(
  replica: RevocationView,
  facts: TokenFacts,
  aliveAtVersion: number,
): boolean {
  if (replica.version === aliveAtVersion) return true
  const isUntouched =
    facts.generations[0] >= replica.everyone &&
    !replica.mayHaveChanged(facts.sidHigh, aliveAtVersion) &&
    !replica.mayHaveChanged(facts.jtiHigh, aliveAtVersion) &&
    !replica.mayHaveChanged(facts.subjectHigh, aliveAtVersion) &&
    !replica.mayHaveChanged(facts.clientHigh, aliveAtVersion) &&
    !replica.mayHaveChanged(facts.grantHigh, aliveAtVersion) &&
    (!facts.hasDevice || !replica.mayHaveChanged(facts.deviceHigh, aliveAtVersion)) &&
    (!facts.hasSigningKey || !replica.mayHaveChanged(facts.signingKeyHigh, aliveAtVersion))
  return isUntouched || isAlive(replica, facts)
}

/**
 * Whether a signing key was removed. No token carries a generation of its key: whoever has read the
 * key could write any.
 */
export function isRemovedKey(
  replica: Pick<RevocationView, 'generation'>,
  high: number,
  low: number,
): boolean {
  return replica.generation(high, low) > 0
}
