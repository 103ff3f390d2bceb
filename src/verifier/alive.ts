import type { TokenFacts } from './fingerprint.ts'

/** What `isAlive` asks of a replica. */
export interface RevocationView {
  /** The generation of everyone. */
  readonly everyone: number
  isRevoked(high: number, low: number): boolean
  /** 0 where the counter was never raised. */
  generation(high: number, low: number): number
}

/**
 * The one decision on whether anything that a token names has ended. Signature, issuer, audience,
 * type and time are judged before; this is the rest of `alive`.
 */
export function isAlive(replica: RevocationView, facts: TokenFacts): boolean {
  const { jti, sid, subject, client, grant, device, generations } = facts
  const [everyone, ofSubject, ofClient, ofGrant, ofDevice] = generations
  return (
    everyone >= replica.everyone &&
    !replica.isRevoked(sid.high, sid.low) &&
    !replica.isRevoked(jti.high, jti.low) &&
    ofSubject >= replica.generation(subject.high, subject.low) &&
    ofClient >= replica.generation(client.high, client.low) &&
    ofGrant >= replica.generation(grant.high, grant.low) &&
    (device === undefined || ofDevice >= replica.generation(device.high, device.low))
  )
}
