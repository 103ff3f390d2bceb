/** Logout tokens of OpenID Connect Back-Channel Logout 1.0, section 2.4: what they must say. */

/** The event of `events` that makes a token a logout token. */
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** What a logout token ends: one of the two is there. */
export interface LogoutClaims {
  readonly sub: string | undefined
  readonly sid: string | undefined
  readonly issuedAtSeconds: number
}

const MAX_NAME_CHARS = 512
/** Of a token without `exp`, which the first edition of the standard did not ask for. */
const MAX_AGE_SECONDS = 120

/**
 * Section 2.6, steps 4 to 6, and the type: what is left when signature, issuer, audience and expiry
 * were found good.
 *
 * @param nowSeconds Unix time.
 * @param skewSeconds How far the issuer's clock may be ahead.
 * @returns What is wrong with it, in words for the issuer's operator, where something is.
 */
export function readLogoutClaims(
  header: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
  nowSeconds: number,
  skewSeconds: number,
): LogoutClaims | string {
  const { typ = 'JWT' } = header
  // Those of many issuers say `JWT` and no more. Any other type is another token's.
  if (typeof typ !== 'string' || !/^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)) {
    return 'typ is not logout+jwt'
  }
  const { sub, sid, iat, exp, events } = payload
  if (typeof iat !== 'number' || !Number.isFinite(iat) || iat <= 0) return 'iat is missing'
  if (iat > nowSeconds + skewSeconds) return 'iat is in the future'
  if (exp === undefined && iat < nowSeconds - MAX_AGE_SECONDS) return 'it is too old'
  if (!isName(sub) || !isName(sid)) return 'sub or sid is not a name'
  if (sub === undefined && sid === undefined) return 'sub and sid are missing'
  if (!isObject(events) || !isObject(events[logoutEvent])) return 'events is not a logout'
  // So that no ID token passes for a logout token.
  if ('nonce' in payload) return 'nonce is there'
  return { sub, sid, issuedAtSeconds: Math.floor(iat) }
}

function isName(value: unknown): value is string | undefined {
  if (value === undefined) return true
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_CHARS
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
