/**
 * The verifier: decides whether a token is alive, in a node as in a guard. It owns the order of the
 * checks and the cache of verified tokens; keys, replica and the right to trust the replica are
 * given. It stands apart from both because there must be one such function, not two that agree.
 */
import { decodeProtectedHeader, errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { isStillAlive, type RevocationView } from './alive.ts'
import type { AccessClaims } from './claims.ts'
import { tokenFacts } from './fingerprint.ts'
import { rememberFacts } from './known-facts.ts'
import { VerifiedTokens, type VerifiedToken } from './verified-tokens.ts'

/**
 * Why a token is not accepted. Judged in this order: signature, type, issuer and audience
 * (`invalid`), time (`expired`), revocation (`revoked`), and last whether the verifier may trust
 * its replica at all (`stale`). So an expired and revoked token is `expired`, and a dead token is
 * never just `stale`. A token whose key is not found is `stale` as well where the verifier is not
 * current or could not look: it may be good.
 */
export type Rejection = 'missing' | 'invalid' | 'expired' | 'revoked' | 'stale'

export type Verdict =
  | { readonly ok: true; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: Rejection }

/**
 * A verdict that is there already, and a promise of it: made once, so that a check allocates
 * nothing.
 */
export interface Decision {
  readonly verdict: Verdict
  readonly promise: Promise<Verdict>
}

export interface TokenVerifier {
  /**
   * The same as {@link TokenVerifier.verify} where that is known without waiting: no token, or one
   * that was verified before.
   *
   * @returns Undefined where the signature must be verified first.
   */
  verifyKnown(token: string | undefined, audience?: string): Decision | undefined
  /**
   * @param token The JWT, or undefined where the request had none.
   * @param audience Where given, `aud` must contain it; otherwise the token is `invalid`.
   */
  verify(token: string | undefined, audience?: string): Promise<Verdict>
  /** Spares the first check of a token that this process signed itself a moment ago. */
  remember(token: string, claims: AccessClaims): Promise<void>
  /** Forgets every token, so that signatures are verified anew, also those under way. */
  forget(): void
}

export interface TokenVerifierOptions {
  readonly replica: RevocationView
  /** Finds the public key by the JWT's header. */
  readonly keys: JWTVerifyGetKey
  /** Expected `iss`. A function, as a guard learns it after it was made. */
  readonly issuer: () => string
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number
  /** Whether the replica may be trusted at this moment: the lease. Asked last, with the verdict. */
  readonly isCurrent: () => boolean
  /** Most verified tokens remembered. */
  readonly capacity: number
}

/** Longer strings are `invalid` unread: no token of ours comes near. */
const LONGEST_TOKEN = 8192

/** For `nbf` alone: a token that was signed a moment ago on a clock that is a little ahead is good. */
const NOT_BEFORE_TOLERANCE_SECONDS = 60

export const signatureAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const

/** The decisions that accept nothing. */
export const rejected: { readonly [R in Rejection]: Decision } = {
  missing: decided({ ok: false, reason: 'missing' }),
  invalid: decided({ ok: false, reason: 'invalid' }),
  expired: decided({ ok: false, reason: 'expired' }),
  revoked: decided({ ok: false, reason: 'revoked' }),
  stale: decided({ ok: false, reason: 'stale' }),
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { replica, nowMs, isCurrent } = options
  const verified = new VerifiedTokens(options.capacity)
  let forgotten = 0

  /** The verdict on a token whose signature is known to be good, at this very moment. */
  function judge(known: VerifiedToken, audience: string | undefined): Decision {
    if (audience !== undefined && !known.claims.aud.includes(audience)) return rejected.invalid
    if (nowMs() >= known.expiresAtMs) return rejected.expired
    if (!isStillAlive(replica, known.facts, known.facts.aliveAtVersion)) return rejected.revoked
    known.facts.aliveAtVersion = replica.version
    return isCurrent() ? known.accepted : rejected.stale
  }

  async function verifyFresh(token: string, audience: string | undefined): Promise<Verdict> {
    const before = forgotten
    let claims: AccessClaims
    const search: { ended: 'found' | 'none' | 'failed' } = { ended: 'found' }
    const keys: JWTVerifyGetKey = async (header, input) => {
      try {
        return await options.keys(header, input)
      } catch (error) {
        search.ended = isAnswer(error) ? 'none' : 'failed'
        throw error
      }
    }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: options.issuer(),
        typ: 'at+jwt',
        algorithms: [...signatureAlgorithms],
        clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs()),
      })
      // A key set of one key would fit a token that names none, and removing the key not end it.
      const { kid } = protectedHeader
      if (kid === undefined || !hasAccessClaims(payload)) return rejected.invalid.verdict
      claims = { ...payload, kid }
    } catch (error) {
      const isNone = search.ended === 'none' && isCurrent()
      if (search.ended !== 'found' && !isNone) return rejected.stale.verdict
      return (error instanceof errors.JWTExpired ? rejected.expired : rejected.invalid).verdict
    }
    const known = await newlyKnown(token, claims, replica)
    // Verified with keys that somebody has since given up.
    if (forgotten !== before) return verifyFresh(token, audience)
    verified.add(known)
    return judge(known, audience).verdict
  }

  function verifyKnown(token: string | undefined, audience?: string): Decision | undefined {
    if (token === undefined || token === '') return rejected.missing
    // Whoever calls it without types may hand over anything.
    if (typeof token !== 'string' || token.length > LONGEST_TOKEN) return rejected.invalid
    const known = verified.get(token)
    return known && judge(known, audience)
  }

  return {
    verifyKnown,
    verify(token, audience) {
      return verifyKnown(token, audience)?.promise ?? verifyFresh(token as string, audience)
    },
    async remember(token, claims) {
      const { kid } = decodeProtectedHeader(token)
      const own = kid === undefined ? { ...claims } : { ...claims, kid }
      verified.add(await newlyKnown(token, own, replica))
    },
    forget() {
      forgotten++
      verified.clear()
    },
  }
}

/** Nobody else may have the claims yet: they are frozen here. */
async function newlyKnown(
  token: string,
  claims: AccessClaims,
  replica: RevocationView,
): Promise<VerifiedToken> {
  const facts = { ...(await tokenFacts(claims)), replica, aliveAtVersion: -1 }
  rememberFacts(claims, facts)
  Object.freeze(claims)
  const accepted = decided({ ok: true, claims })
  return { token, claims, facts, expiresAtMs: claims.exp * 1000, accepted, next: undefined }
}

/** Whether a search for a key ended with an answer, and not because the keys could not be had. */
export function isAnswer(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  )
}

function decided(verdict: Verdict): Decision {
  return Object.freeze({ verdict: Object.freeze(verdict), promise: Promise.resolve(verdict) })
}

function hasAccessClaims(payload: Readonly<Record<string, unknown>>): payload is AccessClaims {
  const { aud, sub, client_id: client, device_id: device, jti, sid, gen, exp } = payload
  return (
    Array.isArray(aud) &&
    typeof sub === 'string' &&
    typeof client === 'string' &&
    (device === undefined || typeof device === 'string') &&
    typeof jti === 'string' &&
    typeof sid === 'string' &&
    typeof exp === 'number' &&
    Array.isArray(gen) &&
    gen.length === 5 &&
    gen.every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
  )
}
