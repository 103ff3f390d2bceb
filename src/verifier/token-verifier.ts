/**
 * The verifier: decides whether a token is alive, in a node as in a guard. It owns the order of the
 * checks and the cache of verified tokens; keys, replica and the right to trust the replica are
 * given. It stands apart from both because there must be one such function, not two that agree.
 */
import { isStillAlive } from './alive.ts'
import { MAX_TOKEN_CHARS, type AccessClaims, type TokenClaims } from './claims.ts'
import { deadUntilSeconds } from './dead-until.ts'
import type { OtherIssuers } from './other-issuers.ts'
import { TokenMemory, type SignedClaims } from './token-memory.ts'
import { rejected, revokedFor, type Decision, type Verdict } from './verdict.ts'
import type { VerifiedToken } from './verified-token.ts'
import { verifyToken, type TokenTerms } from './verify-token.ts'

export interface TokenVerifier<Claims extends TokenClaims = TokenClaims> {
  /**
   * The same as {@link TokenVerifier.verify} where that is known without waiting: no token, or one
   * that was verified before.
   *
   * @returns Undefined where the signature must be verified first.
   */
  verifyKnown(token: string | undefined, audience?: string): Decision<Claims> | undefined
  /**
   * Judges a token that is shown alone: one that is bound to a key is never accepted here. With a
   * proof of the key `withProof` makes of the verdict what it is then.
   *
   * @param token The JWT, or undefined where the request had none.
   * @param audience Where given, `aud` must contain it; otherwise the token is `invalid`.
   */
  verify(token: string | undefined, audience?: string): Promise<Verdict<Claims>>
  /**
   * The same for a call that ends what the token names, and grants no access. It accepts a token
   * that is not valid yet, because the clock that it was signed by, or the one here, was set back;
   * and one signed with a key that another issuer has dropped, because not every verifier has heard
   * of it.
   */
  verifyToEnd(token: string | undefined, audience?: string): Promise<Verdict<Claims>>
  /**
   * Spares the first check of a token that this process signed itself a moment ago.
   *
   * @param claims Those of its payload, with the key that signed it.
   */
  remember(token: string, claims: SignedClaims): void
  /** Forgets every token, so that signatures are verified anew, also those under way. */
  forget(): void
}

export interface TokenVerifierOptions extends TokenTerms {
  /** Most tokens remembered that were verified, and most that were signed here. */
  readonly capacity: number
}

/** A verifier of the tokens of this server. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier<AccessClaims>
/** A verifier of the tokens of this server and of other issuers. */
export function createTokenVerifier(
  options: TokenVerifierOptions & { readonly others: OtherIssuers },
): TokenVerifier
export function createTokenVerifier(
  options: TokenVerifierOptions & { readonly others?: OtherIssuers },
): TokenVerifier {
  const { replica, nowMs, overMs = () => 0, isCurrent, others } = options
  const memory = new TokenMemory(replica, options.capacity)
  let forgotten = 0

  /**
   * The verdict on a token whose signature is known to be good, at this very moment.
   *
   * @param judgedMs What the wall clock has just said.
   * @param current Whether the replica may be trusted then.
   */
  function judge(
    known: VerifiedToken,
    audience: string | undefined,
    judgedMs: number,
    current: boolean,
  ): Decision {
    if (audience !== undefined && known.audience !== audience) {
      if (!known.claims.aud.includes(audience)) return rejected.invalid
      known.audience = audience
    }
    const expiresAtMs = known.expiresAtSeconds * 1000
    if (judgedMs >= expiresAtMs || overMs() >= expiresAtMs) return rejected.expired
    if (!isStillAlive(replica, known)) return revokedNow(known, judgedMs)
    known.aliveAtVersion = replica.version
    return current ? known : rejected.stale
  }

  async function verifyNew(
    token: string,
    audience: string | undefined,
    isToEnd = false,
  ): Promise<Verdict> {
    const before = forgotten
    const known = await verifyToken(token, options, others, isToEnd)
    if (typeof known === 'string') return rejected[known].verdict
    // Verified with keys that have since been dropped.
    if (forgotten !== before) return verifyNew(token, audience, isToEnd)
    // One that is early, or signed with a key that was dropped, is not good for other calls.
    if (!isToEnd) memory.addVerified(known)
    const judgedMs = nowMs()
    return told(judge(known, audience, judgedMs, isCurrent(judgedMs)).verdict, others)
  }

  function verifyKnown(token: string | undefined, audience?: string): Decision | undefined {
    if (token === undefined || token === '') return rejected.missing
    // A caller without types may pass anything.
    if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARS) return rejected.invalid
    // Before the token is looked for: a clock waits for all reads of memory that are under way.
    const judgedMs = nowMs()
    const current = isCurrent(judgedMs)
    const known = memory.get(token)
    return known && judge(known, audience, judgedMs, current)
  }

  return {
    verifyKnown,
    verify(token, audience) {
      return verifyKnown(token, audience)?.promise ?? verifyNew(token as string, audience)
    },
    verifyToEnd(token, audience) {
      return verifyKnown(token, audience)?.promise ?? verifyNew(token as string, audience, true)
    },
    remember(token, claims) {
      memory.addSigned(token, claims)
    },
    forget() {
      forgotten++
      memory.clear()
    },
  }
}

/**
 * Tells of a login at another issuer where the token of one is good; a bound one as well, since a
 * person has logged in for it, whichever caller presents it.
 */
function told(verdict: Verdict, others: OtherIssuers | undefined): Verdict {
  const good = verdict.ok ? verdict : verdict.bound?.verdict
  if (good?.foreign !== undefined) others?.seen?.(good.foreign)
  return verdict
}

/** A token that has ended. Of another issuer's it is said how long a new one would be refused. */
function revokedNow(known: VerifiedToken, nowMs: number): Decision<never> {
  if (known.foreign === undefined) return rejected.revoked
  const leftMs = (deadUntilSeconds(known.replica, known) + 1) * 1000 - nowMs
  return leftMs > 0 ? revokedFor(Math.ceil(leftMs / 1000)) : rejected.revoked
}
