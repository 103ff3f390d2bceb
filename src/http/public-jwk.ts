import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { checked, type Setting } from '../settings/schema.ts'

/** A public key of a client (RFC 7517). */
export type PublicJwk = JsonWebKey & { readonly kid?: string; readonly alg?: string }

/** Shorter ones of RSA verify nothing (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048

/** The schema of one: a key of a pair, without its private half. */
export const parametersOfKey: Setting<PublicJwk> = checked<PublicJwk>(
  { allowed: `a public JWK, of RSA with ${String(MIN_RSA_BITS)} bits or more` },
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    if (['d', 'k', 'p', 'q'].some((name) => Object.hasOwn(value, name))) return false
    try {
      const key = createPublicKey({ key: value as JsonWebKey, format: 'jwk' })
      return (key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS
    } catch {
      return false
    }
  },
)
