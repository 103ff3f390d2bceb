/**
 * The verifier: decides whether a token is alive, in a node as in a guard. It owns the order of the
 * checks and the cache of verified tokens; keys, replica and the right to trust the replica are
 * given. It stands apart from both because there must be one such function, not two that agree.
 */
import { decodeJwt, errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose'
import { deadUntilSeconds, isStillAlive, type RevocationView } from './alive.ts'
import { MAX_TOKEN_CHARS, type AccessClaims, type TokenClaims } from './claims.ts'
import { readForeignToken } from './foreign-token.ts'
import { KeySearch } from './key-search.ts'
import {
  foreignAlgorithms,
  otherIssuerOf,
  type OtherIssuer,
  type OtherIssuers,
} from './other-issuers.ts'
import { rejected, revokedFor, type Decision, type Verdict } from './verdict.ts'
import { verifiedForeignToken, verifiedToken, type VerifiedToken } from './verified-token.ts'
import { VerifiedTokens } from './verified-tokens.ts'

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
   * The same for a call that ends what the token names, and grants no access: a token that is not
   * valid yet is accepted, because the clock that it was signed by, or the one here, was set back.
   */
  verifyEarly(token: string | undefined, audience?: string): Promise<Verdict<Claims>>
  /**
   * Spares the first check of a token that this process signed itself a moment ago.
   *
   * @param claims Those of its payload, with the key that signed it. They are frozen.
   */
  remember(token: string, claims: AccessClaims & { readonly kid: string }): void
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
  /** A time that is over whatever the wall clock says, in milliseconds since 1970. Default: none. */
  readonly overMs?: () => number
  /**
   * Whether the replica may be trusted at this moment: the lease. Asked together with the replica,
   * after everything that takes time.
   *
   * @param nowMs What the wall clock has just said: to read it is a large part of a check.
   */
  readonly isCurrent: (nowMs: number) => boolean
  /** Most verified tokens remembered. */
  readonly capacity: number
}

/** For `nbf` alone: a token that was signed a moment ago on a clock that is a little ahead is good. */
const NOT_BEFORE_TOLERANCE_SECONDS = 60

export const signatureAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const
/** As `jose` takes them. */
const algorithms: string[] = [...signatureAlgorithms]

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
  const verified = new VerifiedTokens(options.capacity)
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
    if (!isStillAlive(replica, known.facts, known.aliveAtVersion))
      return revokedNow(known, judgedMs)
    known.aliveAtVersion = replica.version
    return current ? known : rejected.stale
  }

  async function verifyNew(
    token: string,
    audience: string | undefined,
    isEarlyGood = false,
  ): Promise<Verdict> {
    const before = forgotten
    const other = others && (await otherIssuerOf(token, options.issuer(), others))
    if (typeof other === 'string') return rejected[other].verdict
    const search = new KeySearch(other?.keys ?? options.keys)
    let known: VerifiedToken | undefined
    try {
      known = await read(token, search, options, other, isEarlyGood)
    } catch (error) {
      return rejected[reasonOf(error, search, isCurrent(nowMs()))].verdict
    }
    if (known === undefined) return rejected.invalid.verdict
    // Verified with keys that have since been dropped.
    if (forgotten !== before) return verifyNew(token, audience, isEarlyGood)
    // One that is early is not good for other calls.
    if (!isEarlyGood) verified.add(known)
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
    const known = verified.get(token)
    return known && judge(known, audience, judgedMs, current)
  }

  return {
    verifyKnown,
    verify(token, audience) {
      return verifyKnown(token, audience)?.promise ?? verifyNew(token as string, audience)
    },
    verifyEarly(token, audience) {
      return verifyKnown(token, audience)?.promise ?? verifyNew(token as string, audience, true)
    },
    remember(token, claims) {
      verified.add(verifiedToken(token, claims, replica))
    },
    forget() {
      forgotten++
      verified.clear()
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

/** @returns Undefined where it is not an access token of its issuer that is accepted here. */
function read(
  token: string,
  search: KeySearch,
  options: TokenVerifierOptions,
  other: OtherIssuer | undefined,
  isEarlyGood: boolean,
): Promise<VerifiedToken | undefined> {
  return other
    ? readForeign(token, search, options, other)
    : readOwn(token, search, options, isEarlyGood)
}

/** @returns Undefined where it is not an access token of this server. */
async function readOwn(
  token: string,
  search: KeySearch,
  options: TokenVerifierOptions,
  isEarlyGood: boolean,
): Promise<VerifiedToken | undefined> {
  const { payload, protectedHeader } = await verifyJwt(token, search, options, isEarlyGood)
  // A key set of one key would fit a token that names none, and removing the key not end it.
  const { kid } = protectedHeader
  payload['kid'] = kid
  if (kid === undefined || !hasAccessClaims(payload)) return undefined
  return verifiedToken(token, payload, options.replica)
}

/** @returns Undefined where it is not an access token of that issuer that is accepted here. */
async function readForeign(
  token: string,
  search: KeySearch,
  { replica, nowMs, overMs = () => 0 }: TokenVerifierOptions,
  { terms }: OtherIssuer,
): Promise<VerifiedToken | undefined> {
  const { payload, protectedHeader } = await jwtVerify(token, search.find, {
    issuer: [terms.issuer, ...terms.aliases],
    algorithms: foreignAlgorithms,
    clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
    currentDate: new Date(Math.max(nowMs(), overMs())),
  })
  const { kid } = protectedHeader
  if (kid === undefined) return undefined
  const signed = { token, header: { ...protectedHeader }, payload }
  const read = readForeignToken(signed, terms, nowMs() / 1000)
  if (typeof read === 'string') return undefined
  const claims = { ...payload, aud: read.audience, kid } as unknown as TokenClaims
  return verifiedForeignToken(token, claims, read, replica)
}

/** A token that has ended. Of another issuer's it is said how long a new one would be refused. */
function revokedNow({ foreign, facts, replica }: VerifiedToken, nowMs: number): Decision<never> {
  if (foreign === undefined) return rejected.revoked
  const leftMs = (deadUntilSeconds(replica, facts) + 1) * 1000 - nowMs
  return leftMs > 0 ? revokedFor(Math.ceil(leftMs / 1000)) : rejected.revoked
}

/** Signature, type, issuer and time of a token. Rejects where they are not good. */
function verifyJwt(
  token: string,
  search: KeySearch,
  { issuer, nowMs, overMs = () => 0 }: TokenVerifierOptions,
  isEarlyGood: boolean,
): Promise<JWTVerifyResult> {
  const judgedMs = Math.max(nowMs(), overMs(), isEarlyGood ? notBeforeMs(token) : 0)
  return jwtVerify(token, search.find, {
    issuer: issuer(),
    typ: 'at+jwt',
    algorithms,
    clockTolerance: NOT_BEFORE_TOLERANCE_SECONDS,
    currentDate: new Date(judgedMs),
  })
}

/** From when a token is good, by its own word: the signature is judged later. */
function notBeforeMs(token: string): number {
  try {
    const { nbf } = decodeJwt(token)
    return typeof nbf === 'number' && Number.isSafeInteger(nbf) ? nbf * 1000 : 0
  } catch {
    return 0
  }
}

/** Why a token is refused whose verification failed. */
function reasonOf(
  error: unknown,
  { ended }: KeySearch,
  current: boolean,
): 'stale' | 'expired' | 'invalid' {
  if (ended === 'failed' || (ended === 'none' && !current)) return 'stale'
  return error instanceof errors.JWTExpired ? 'expired' : 'invalid'
}

/** Whether a payload has what every access token of Outright carries. */
export function hasAccessClaims(
  payload: Readonly<Record<string, unknown>>,
): payload is AccessClaims {
  const { aud, sub, client_id: client, device_id: device, jti, sid, gen, exp } = payload
  return (
    Array.isArray(aud) &&
    typeof sub === 'string' &&
    typeof client === 'string' &&
    (device === undefined || typeof device === 'string') &&
    typeof jti === 'string' &&
    typeof sid === 'string' &&
    typeof exp === 'number' &&
    isGenerations(gen)
  )
}

/** Any names, so that tokens of later versions are read as well; and nothing but numbers. */
function isGenerations(gen: unknown): boolean {
  if (typeof gen !== 'object' || gen === null || Array.isArray(gen)) return false
  return Object.values(gen).every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
}
