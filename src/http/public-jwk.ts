import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { checked, type Setting } from '../settings/schema.ts'

/** A public key of a client (RFC 7517). */
export type PublicJwk = JsonWebKey & { readonly kid?: string; readonly alg?: string }

/** The schema of one: a key of a pair, without its private half. */
export const parametersOfKey: Setting<PublicJwk> = checked<PublicJwk>(
  { allowed: 'a public JWK' },
  (value) => {
    if (typeof value !== 'object' || value === null) return false
    if (['d', 'k', 'p', 'q'].some((name) => Object.hasOwn(value, name))) return false
    try {
      return createPublicKey({ key: value as JsonWebKey, format: 'jwk' }).type === 'public'
    } catch {
      return false
    }
  },
)
