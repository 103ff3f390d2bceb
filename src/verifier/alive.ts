import type { Fingerprint, TokenFacts } from './fingerprint.ts'

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
  const { jti, sid, subject, client, grant, device, signingKey, generations } = facts
  const [everyone, ofSubject, ofClient, ofGrant, ofDevice] = generations
  return (
    everyone >= replica.everyone &&
    !replica.isRevoked(sid.high, sid.low) &&
    !replica.isRevoked(jti.high, jti.low) &&
    ofSubject >= replica.generation(subject.high, subject.low) &&
    ofClient >= replica.generation(client.high, client.low) &&
    ofGrant >= replica.generation(grant.high, grant.low) &&
    (device === undefined || ofDevice >= replica.generation(device.high, device.low)) &&
    (signingKey === undefined || !isRemovedKey(replica, signingKey))
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
  const { jti, sid, subject, client, grant, device, signingKey, generations } = facts
  const isUntouched =
    generations[0] >= replica.everyone &&
    !replica.mayHaveChanged(sid.high, aliveAtVersion) &&
    !replica.mayHaveChanged(jti.high, aliveAtVersion) &&
    !replica.mayHaveChanged(subject.high, aliveAtVersion) &&
    !replica.mayHaveChanged(client.high, aliveAtVersion) &&
    !replica.mayHaveChanged(grant.high, aliveAtVersion) &&
    (device === undefined || !replica.mayHaveChanged(device.high, aliveAtVersion)) &&
    (signingKey === undefined || !replica.mayHaveChanged(signingKey.high, aliveAtVersion))
  return isUntouched || isAlive(replica, facts)
}

/**
 * Whether a signing key was removed. No token carries a generation of its key: whoever has read the
 * key could write any.
 */
export function isRemovedKey(
  replica: Pick<RevocationView, 'generation'>,
  { high, low }: Fingerprint,
): boolean {
  return replica.generation(high, low) > 0
}
