import type { RevocationView } from './alive.ts'
import type { AccessClaims } from './claims.ts'
import type { TokenFacts } from './fingerprint.ts'

/** The facts of a token, and what one replica said of them last. */
export interface KnownFacts extends TokenFacts {
  readonly replica: RevocationView
  /** The replica's version at which they were last found alive; -1 before. */
  aliveAtVersion: number
}

/** Under which they are kept with the claims. Nobody else can meet the name, nor sees it listed. */
const factsKey = Symbol('outright.facts')

/** Notes the facts of claims that are not frozen yet. (A `WeakMap` would be dearer than the check.) */
export function rememberFacts(claims: AccessClaims, facts: KnownFacts): void {
  Object.defineProperty(claims, factsKey, { value: facts })
}

/**
 * The facts of claims that a verifier accepted, where it was for this replica; undefined for
 * copies, and for claims from elsewhere.
 */
export function factsOf(claims: AccessClaims, replica: RevocationView): KnownFacts | undefined {
  const facts = (claims as { readonly [factsKey]?: KnownFacts })[factsKey]
  return facts?.replica === replica ? facts : undefined
}
