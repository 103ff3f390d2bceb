import type { AccessClaims } from './claims.ts'
import type { RevocationView } from './alive.ts'
import { KnownTokens, type Remembered } from './known-tokens.ts'
import { verifiedToken, type VerifiedToken } from './verified-token.ts'

/** Claims of a token of ours, with the key that signed it. */
export type SignedClaims = AccessClaims & { readonly kid: string }

/** A token that this process signed, and that nothing was asked about yet. */
interface SignedToken extends Remembered<SignedToken> {
  readonly claims: SignedClaims
}

/**
 * The tokens whose signature need not be verified: those that were, and those that this process
 * signed. Of the latter it finds out what they name when they are first shown, which most of them
 * never are here: at once, it took a twentieth of a refresh.
 */
export class TokenMemory {
  readonly #replica: RevocationView
  readonly #verified: KnownTokens<VerifiedToken>
  readonly #signed: KnownTokens<SignedToken>

  /** @param capacity Most tokens remembered of either sort. */
  constructor(replica: RevocationView, capacity: number) {
    this.#replica = replica
    this.#verified = new KnownTokens(capacity)
    this.#signed = new KnownTokens(capacity)
  }

  get(token: string): VerifiedToken | undefined {
    return this.#verified.get(token) ?? this.#firstShown(token)
  }

  addVerified(verified: VerifiedToken): void {
    this.#verified.add(verified)
  }

  addSigned(token: string, claims: SignedClaims): void {
    this.#signed.add({ token, claims, next: undefined })
  }

  clear(): void {
    this.#verified.clear()
    this.#signed.clear()
  }

  #firstShown(token: string): VerifiedToken | undefined {
    const signed = this.#signed.get(token)
    if (signed === undefined) return undefined
    const verified = verifiedToken(token, { ...signed.claims }, this.#replica)
    this.#verified.add(verified)
    return verified
  }
}
