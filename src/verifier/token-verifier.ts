/**
 * The verifier: decides whether a token is alive, in a node as in a guard. It owns the order of the
 * checks and the cache of verified tokens; keys, replica and the right to trust the replica are
 * given. It stands apart from both because there must be one such function, not two that agree.
 */
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { isAlive, type RevocationView } from './alive.ts'
import type { AccessClaims } from './claims.ts'
import { tokenFacts } from './fingerprint.ts'
import { VerifiedTokens, type VerifiedToken } from './verified-tokens.ts'

/**
 * Why a token is not accepted. Judged in this order: signature, type, issuer and audience
 * (`invalid`), time (`expired`), revocation (`revoked`), and last whether the verifier may trust
 * its replica at all (`stale`). So an expired and revoked token is `expired`, and a dead token is
 * never just `stale`.
 */
export type Rejection = 'missing' | 'invalid' | 'expired' | 'revoked' | 'stale'

export type Verdict =
  | { readonly ok: true; readonly claims: AccessClaims }
  | { readonly ok: false; readonly reason: Rejection }

export interface TokenVerifier {
  /**
   * @param token The JWT, or undefined where the request had none.
   * @param audience Where given, `aud` must contain it; otherwise the token is `invalid`.
   */
  verify(token: string | undefined, audience?: string): Promise<Verdict>
  /** Spares the first check of a token that this process signed itself a moment ago. */
  remember(token: string, claims: AccessClaims): Promise<void>
}

export interface TokenVerifierOptions {
  readonly replica: RevocationView & { readonly version: number }
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

const rejected: { readonly [R in Rejection]: Promise<Verdict> } = {
  missing: Promise.resolve({ ok: false, reason: 'missing' }),
  invalid: Promise.resolve({ ok: false, reason: 'invalid' }),
  expired: Promise.resolve({ ok: false, reason: 'expired' }),
  revoked: Promise.resolve({ ok: false, reason: 'revoked' }),
  stale: Promise.resolve({ ok: false, reason: 'stale' }),
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { replica, nowMs, isCurrent } = options
  const verified = new VerifiedTokens(options.capacity)

  /** The verdict on a token whose signature is known to be good, at this very moment. */
  function judge(known: VerifiedToken, audience: string | undefined): Promise<Verdict> {
    if (audience !== undefined && !known.claims.aud.includes(audience)) return rejected.invalid
    if (nowMs() >= known.expiresAtMs) return rejected.expired
    if (known.aliveAtVersion !== replica.version) {
      if (!isAlive(replica, known.facts)) return rejected.revoked
      known.aliveAtVersion = replica.version
    }
    return isCurrent() ? known.accepted : rejected.stale
  }

  async function remember(token: string, claims: AccessClaims): Promise<VerifiedToken> {
    const known: VerifiedToken = {
      token,
      claims,
      facts: await tokenFacts(claims),
      expiresAtMs: claims.exp * 1000,
      accepted: Promise.resolve({ ok: true, claims }),
      aliveAtVersion: -1,
    }
    verified.add(known)
    return known
  }

  async function verifyFresh(token: string, audience: string | undefined): Promise<Verdict> {
    let claims: AccessClaims
    try {
      const { payload } = await jwtVerify(token, options.keys, {
        issuer: options.issuer(),
        typ: 'at+jwt',
        algorithms: [...signatureAlgorithms],
        clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs()),
      })
      if (!hasAccessClaims(payload)) return await rejected.invalid
      claims = Object.freeze(payload)
    } catch (error) {
      return error instanceof errors.JWTExpired ? rejected.expired : rejected.invalid
    }
    return judge(await remember(token, claims), audience)
  }

  return {
    verify(token, audience) {
      if (token === undefined || token === '') return rejected.missing
      if (token.length > LONGEST_TOKEN) return rejected.invalid
      const known = verified.get(token)
      return known === undefined ? verifyFresh(token, audience) : judge(known, audience)
    },
    async remember(token, claims) {
      await remember(token, Object.freeze({ ...claims }))
    },
  }
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
