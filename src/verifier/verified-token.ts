import type { KnownFacts, RevocationView } from './alive.ts'
import { placesOf } from './changes.ts'
import type { AccessClaims, TokenClaims } from './claims.ts'
import type { ForeignToken } from './foreign-token.ts'
import { withoutProof } from './bound-token.ts'
import type { Remembered } from './known-tokens.ts'
import {
  factHighs,
  foreignFacts,
  tokenFacts,
  type ForeignNames,
  type TokenFacts,
} from './token-facts.ts'
import type { Accepted, Decision } from './verdict.ts'

/**
 * A token whose signature, type, issuer and shape were found good once, and the decision on it
 * while it is alive, where it is shown alone. What every check needs stands in it and not behind
 * it: with many tokens, each object more is a wait for memory.
 */
export interface VerifiedToken extends Decision, KnownFacts, Remembered<VerifiedToken> {
  /** In seconds, as in the claim: what a number has in front of 2038 fits without a box. */
  readonly expiresAtSeconds: number
  /** The audience that it was last found to be for. */
  audience: string | undefined
  readonly claims: TokenClaims
  readonly foreign: ForeignNames | undefined
  /** Whose versions are meant. */
  readonly replica: RevocationView
}

/** Under which it is kept with the claims: not enumerable, and no other code can use the name. */
const verifiedKey = Symbol('outright.verified')

/**
 * Makes the record of a token of ours.
 *
 * @param claims No other code may hold them yet: they are frozen here.
 */
export function verifiedToken(
  token: string,
  claims: AccessClaims,
  replica: RevocationView,
): VerifiedToken {
  return record(token, { ok: true, claims }, tokenFacts(claims), replica)
}

/** The same of a token of another issuer. */
export function verifiedForeignToken(
  token: string,
  claims: TokenClaims,
  { names }: ForeignToken,
  replica: RevocationView,
): VerifiedToken {
  return record(token, { ok: true, claims, foreign: names }, foreignFacts(names), replica)
}

function record(
  token: string,
  accepted: Accepted,
  facts: TokenFacts,
  replica: RevocationView,
): VerifiedToken {
  const { everyone, sinceSeconds, named } = facts
  const { claims, foreign } = Object.freeze(accepted)
  const verdict = withoutProof(accepted)
  const { placesA, placesB, placesC, placesD } = placesOf(factHighs(facts))
  const verified: VerifiedToken = {
    verdict,
    promise: Promise.resolve(verdict),
    token,
    expiresAtSeconds: claims.exp,
    aliveAtVersion: -1,
    placesA,
    placesB,
    placesC,
    placesD,
    audience: undefined,
    next: undefined,
    claims,
    foreign,
    everyone,
    sinceSeconds,
    named,
    replica,
  }
  // A `WeakMap` would be dearer than the check.
  Object.defineProperty(claims, verifiedKey, { value: verified })
  Object.freeze(claims)
  return verified
}

/**
 * What is known of claims that a verifier accepted, where it was for this replica; undefined for
 * copies, and for claims from elsewhere.
 */
export function verifiedBy(
  replica: RevocationView,
  claims: TokenClaims,
): VerifiedToken | undefined {
  const verified = (claims as { readonly [verifiedKey]?: VerifiedToken })[verifiedKey]
  return verified?.replica === replica ? verified : undefined
}
