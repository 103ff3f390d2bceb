import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Issuer } from '../domain/issuer.ts'
import { readForeignToken } from '../verifier/foreign-token.ts'
import { hasAccessClaims } from '../verifier/own-token.ts'
import type { Rejection } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'
import { findIssuer } from './find-issuer.ts'

/** A token whose signature was verified. It may have ended or expired. */
export interface RecognizedAny {
  /** Undefined: this server. */
  readonly issuer: Issuer | undefined
  /** Key of the scope `token`. */
  readonly key: string
  /** The application that it was issued to, where it says so. */
  readonly client: string | undefined
  readonly subject: string | undefined
  readonly expiresAtSeconds: number
  readonly state: 'alive' | 'expired' | 'revoked'
}

/**
 * Says what an access token of any issuer names, for calls that end it: never for one that grants
 * access.
 *
 * @returns Why nothing can be said about it, where that is so.
 */
export async function recognizeAny(
  dependencies: Pick<CoreDependencies, 'anyVerifier' | 'issuers'>,
  token: string | undefined,
): Promise<RecognizedAny | Exclude<Rejection, 'expired' | 'revoked' | 'unproven'>> {
  const verdict = await dependencies.anyVerifier.verifyToEnd(token)
  // Ending a token that is bound to a key does not require the key.
  const isAlive = verdict.ok || verdict.bound !== undefined
  const state = isAlive ? 'alive' : verdict.reason
  if (state !== 'alive' && state !== 'expired' && state !== 'revoked') {
    return state === 'unproven' ? 'invalid' : state
  }
  // Its signature was good: that is judged before its time and its end.
  const payload = decodeJwt(token ?? '')
  const issuer = findIssuer(dependencies, payload.iss ?? '')
  if (issuer === undefined) {
    if (!hasAccessClaims(payload)) return 'invalid'
    const { jti, client_id: client, sub, exp } = payload
    return { issuer, key: jti, client, subject: sub, expiresAtSeconds: exp, state }
  }
  const header = { ...decodeProtectedHeader(token ?? '') }
  const signed = { token: token ?? '', header, payload }
  const read = readForeignToken(signed, issuer, Infinity)
  if (typeof read === 'string') return 'invalid'
  const { jti = '', client_id: client, sub } = read.names.names
  const { expiresAtSeconds } = read
  return { issuer, key: jti, client, subject: sub, expiresAtSeconds, state }
}
