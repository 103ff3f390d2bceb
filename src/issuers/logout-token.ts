import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { refuse } from '../domain/failure.ts'
import type { Issuer } from '../domain/issuer.ts'
import { readLogoutClaims, type LogoutClaims } from '../protocol/logout-token.ts'
import { MAX_TOKEN_CHARS } from '../verifier/claims.ts'
import { KeySearch } from '../verifier/key-search.ts'
import { foreignAlgorithms } from '../verifier/other-issuers.ts'

/** What of an issuer its logout tokens are judged by. */
export type LogoutTerms = Pick<Issuer, 'issuer' | 'aliases' | 'logoutClients' | 'clockSkewSeconds'>

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
 *
 * @returns What is wrong with it, in words, where something is.
 * @throws {Refusal} `stale` where the keys of the issuer cannot be had.
 */
export async function verifyLogoutToken(
  token: string,
  issuer: LogoutTerms,
  keys: JWTVerifyGetKey,
  nowMs: number,
): Promise<LogoutClaims | string> {
  if (token.length > MAX_TOKEN_CHARS) return 'logout_token is too long'
  const { clockSkewSeconds } = issuer
  const search = new KeySearch(keys)
  try {
    const { payload, protectedHeader } = await jwtVerify(token, search.find, {
      issuer: [issuer.issuer, ...issuer.aliases],
      audience: [...issuer.logoutClients],
      algorithms: foreignAlgorithms,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(nowMs),
    })
    if (protectedHeader.kid === undefined) return 'kid is missing'
    return readLogoutClaims({ ...protectedHeader }, payload, nowMs / 1000, clockSkewSeconds)
  } catch (error) {
    if (search.ended === 'failed') return refuse({ kind: 'stale' })
    if (!(error instanceof errors.JOSEError)) throw error
    return wordsFor(error)
  }
}

/** Never what the token says. */
function wordsFor(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `${error.claim} is not good`
  return 'its signature is not good'
}
