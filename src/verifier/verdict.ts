/** The verdict on a token, in a node as in a guard. */
import type { ProofProblem } from '../protocol/dpop.ts'
import type { TokenClaims } from './claims.ts'
import type { ForeignNames } from './token-facts.ts'

/**
 * Why a token is not accepted. Judged in this order: signature, type, issuer and audience
 * (`invalid`), time (`expired`), revocation (`revoked`), and last whether the verifier may trust
 * its replica at all (`stale`). So an expired and revoked token is `expired`, and a dead token is
 * never just `stale`. A token whose key is not found is `stale` as well where the verifier is not
 * current or could not look: it may be good. What is left is `unproven` where the token is bound to
 * a key and it was not proved that the caller has that key.
 */
export type Rejection = 'missing' | 'invalid' | 'expired' | 'revoked' | 'stale' | 'unproven'

export type Verdict<Claims extends TokenClaims = TokenClaims> = Accepted<Claims> | Rejected<Claims>

export interface Accepted<Claims extends TokenClaims = TokenClaims> {
  readonly ok: true
  readonly claims: Claims
  /** Of a token of another issuer: what it names, by which it can be ended. */
  readonly foreign?: ForeignNames
}

export interface Rejected<Claims extends TokenClaims = TokenClaims> {
  readonly ok: false
  readonly reason: Rejection
  /**
   * Of a token of another issuer that ended up to a second which is not over: in so many seconds
   * one that is issued anew is good.
   */
  readonly retryAfterSeconds?: number
  /** Of an `unproven` token: the key that it is bound to, and what it would be with a proof. */
  readonly bound?: Bound<Claims>
  /** Of an `unproven` token: what is wrong with the proof, or that there is none. */
  readonly proof?: ProofProblem
}

/** A token that is good for the holder of one key alone (RFC 7800; RFC 9449, section 6). */
export interface Bound<Claims extends TokenClaims = TokenClaims> {
  /** SHA-256 thumbprint of the key (RFC 7638): `cnf.jkt`. */
  readonly thumbprint: string
  readonly verdict: Accepted<Claims>
}

/**
 * A verdict that is there already, and a promise of it: made once, so that a check allocates
 * nothing.
 */
export interface Decision<Claims extends TokenClaims = TokenClaims> {
  readonly verdict: Verdict<Claims>
  readonly promise: Promise<Verdict<Claims>>
}

/** The decisions that accept nothing. */
export const rejected: { readonly [R in Exclude<Rejection, 'unproven'>]: Decision<never> } = {
  missing: decided({ ok: false, reason: 'missing' }),
  invalid: decided({ ok: false, reason: 'invalid' }),
  expired: decided({ ok: false, reason: 'expired' }),
  revoked: decided({ ok: false, reason: 'revoked' }),
  stale: decided({ ok: false, reason: 'stale' }),
}

/** Revoked, and for so long whatever is issued anew. */
export function revokedFor(retryAfterSeconds: number): Decision<never> {
  return decided({ ok: false, reason: 'revoked', retryAfterSeconds })
}

function decided(verdict: Rejected<never>): Decision<never> {
  return Object.freeze({ verdict: Object.freeze(verdict), promise: Promise.resolve(verdict) })
}
