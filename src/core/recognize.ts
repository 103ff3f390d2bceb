import { decodeJwt, decodeProtectedHeader } from 'jose'
import { hasAccessClaims } from '../verifier/own-token.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import type { Rejection } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'

/** A token that this server signed for the audience, and its status. */
export interface Recognized {
  readonly claims: AccessClaims
  readonly state: 'alive' | 'expired' | 'revoked'
}

/**
 * Says what a token names, even if it has ended or expired: for calls that end or have ended what
 * it names, never for one that grants access.
 *
 * @returns Its claims and state, or why nothing can be said about it.
 */
export async function recognize(
  { verifier }: Pick<CoreDependencies, 'verifier'>,
  token: string | undefined,
  audience: string,
): Promise<Recognized | Exclude<Rejection, 'expired' | 'revoked'>> {
  const verdict = await verifier.verifyToEnd(token, audience)
  if (verdict.ok) return { claims: verdict.claims, state: 'alive' }
  const state = verdict.reason
  if (state !== 'expired' && state !== 'revoked') return state
  const claims = claimsOf(token ?? '')
  // The time is judged before the audience where the signature is new.
  return claims?.aud.includes(audience) === true ? { claims, state } : 'invalid'
}

/** The claims of a token whose signature was found good: that is judged before everything else. */
function claimsOf(token: string): AccessClaims | undefined {
  const payload = decodeJwt(token)
  const { kid } = decodeProtectedHeader(token)
  return hasAccessClaims(payload) && kid !== undefined ? { ...payload, kid } : undefined
}
