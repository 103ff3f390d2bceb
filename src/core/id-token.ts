/** ID tokens and logout tokens (OpenID Connect): statements about a login, never access tokens. */
import { compactVerify, decodeJwt } from 'jose'
import { logoutEvent } from '../protocol/logout-token.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import type { ExtraClaims } from './sign-access.ts'

/** `typ` of ID tokens: verifiers want `at+jwt` of an access token. */
const ID_TOKEN_TYPE = 'JWT'
const LOGOUT_TOKEN_TYPE = 'logout+jwt'
/** Back-Channel Logout 1.0, section 4: two minutes at most. */
const LOGOUT_TOKEN_LIFE_SECONDS = 120

/** Who a statement is for, and about whom. */
export interface Statement {
  /** Id of the client. */
  readonly audience: string
  readonly subjectId: string
  readonly sid: string
}

/** Signs an ID token (OpenID Connect Core 1.0, section 2). */
export async function signIdToken(
  { keys, clock, issuer }: Pick<CoreDependencies, 'keys' | 'clock' | 'issuer'>,
  { audience, subjectId, sid }: Statement,
  lifetimeMs: number,
  claims: ExtraClaims,
): Promise<string> {
  const iat = Math.floor(clock.nowMs() / 1000)
  const exp = iat + Math.floor(lifetimeMs / 1000)
  const base = { iss: issuer, sub: subjectId, aud: audience, sid, iat, exp }
  return (await keys.signAs(ID_TOKEN_TYPE, { ...claims, ...base })).token
}

/** Signs a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4), with a new `jti`. */
export async function signLogoutToken(
  { keys, clock, random, issuer }: Pick<CoreDependencies, 'keys' | 'clock' | 'random' | 'issuer'>,
  { audience, subjectId, sid }: Statement,
): Promise<string> {
  const nowMs = clock.nowMs()
  const iat = Math.floor(nowMs / 1000)
  const { token } = await keys.signAs(LOGOUT_TOKEN_TYPE, {
    iss: issuer,
    aud: audience,
    sub: subjectId,
    sid,
    iat,
    exp: iat + LOGOUT_TOKEN_LIFE_SECONDS,
    jti: mintId(random, nowMs),
    events: { [logoutEvent]: {} },
  })
  return token
}

/**
 * Reads an ID token that this server signed, for hints: its time is not looked at (RP-Initiated
 * Logout 1.0, section 4).
 *
 * @returns Undefined where it was not issued here.
 */
export async function readIdToken(
  { keys, issuer }: Pick<CoreDependencies, 'keys' | 'issuer'>,
  token: string,
): Promise<Statement | undefined> {
  try {
    const { protectedHeader } = await compactVerify(token, keys.find)
    const { iss, aud, sub, sid } = decodeJwt(token)
    if (protectedHeader.typ !== ID_TOKEN_TYPE || iss !== issuer) return undefined
    if (typeof aud !== 'string' || sub === undefined || typeof sid !== 'string') return undefined
    return { audience: aud, subjectId: sub, sid }
  } catch {
    return undefined
  }
}
