import type { AccessClaims } from './claims.ts'
import { wrongTime, type SignedToken } from './jwt.ts'

/**
 * Reads an access token of this server.
 *
 * @param issuer `iss` of this server.
 * @param timeMs Milliseconds since 1970.
 * @returns Its claims; or why it is refused.
 */
export function readOwnToken(
  { header: { typ, kid }, payload }: SignedToken,
  issuer: string,
  timeMs: number,
): AccessClaims | 'invalid' | 'expired' {
  if (typeof typ !== 'string' || !/^(?:application\/)?at\+jwt$/i.test(typ)) return 'invalid'
  if (payload['iss'] !== issuer) return 'invalid'
  const wrong = wrongTime(payload, timeMs)
  if (wrong !== undefined) return wrong
  // A key set of one key would fit a token that names none, and removing the key not end it.
  if (typeof kid !== 'string') return 'invalid'
  const claims = { ...payload, kid }
  return hasAccessClaims(claims) ? claims : 'invalid'
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
