import type { JWTVerifyGetKey } from 'jose'
import type { IssuerTerms } from '../domain/token-rules.ts'
import type { ForeignNames } from './token-facts.ts'

/** An issuer whose tokens are accepted beside those of this server. */
export interface OtherIssuer {
  readonly terms: IssuerTerms
  /** Finds its public keys, and no other issuer's. */
  readonly keys: JWTVerifyGetKey
  /**
   * Finds keys that it had and has dropped, for calls that end a token: another node or a guard may
   * not have heard of it yet. Default: none are known.
   */
  readonly droppedKeys?: JWTVerifyGetKey
}

export interface OtherIssuers {
  /**
   * @param iss As a token says it, of which nothing is verified yet.
   * @returns Undefined where no such issuer is accepted.
   * @throws {Error} Where it is unknown at the moment.
   */
  find(iss: string): OtherIssuer | undefined | Promise<OtherIssuer | undefined>
  /** Called with a token of theirs that was accepted and had not been verified before. */
  seen?(token: ForeignNames): void
}

/** Signatures of public keys alone: knowing a public key must not suffice to make one. */
export const foreignAlgorithms: string[] =
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

/**
 * Whose token it is, by its own word: the signature is judged later, with the keys of that issuer.
 *
 * @returns Why it is refused, where no issuer is found.
 */
export async function otherIssuerOf(
  iss: unknown,
  others: OtherIssuers,
): Promise<OtherIssuer | 'invalid' | 'stale'> {
  if (typeof iss !== 'string') return 'invalid'
  try {
    return (await others.find(iss)) ?? 'invalid'
  } catch {
    return 'stale'
  }
}
