import type { JSONWebKeySet, JWK } from 'jose'
import { foreignAlgorithms } from '../verifier/other-issuers.ts'

/** More than any issuer has at a time. */
const MAX_KEYS = 100
const MAX_KID_CHARS = 256
/** RSA keys of 2048 to 8192 bits: shorter ones are weak, and longer ones take long to verify with. */
const MIN_MODULUS_CHARS = 342
const MAX_MODULUS_CHARS = 1366
const MAX_EXPONENT_CHARS = 8

/**
 * The public keys of a key set that can verify signatures, with nothing else of it: no private
 * parts, no certificates, no addresses. Other entries are left out.
 *
 * @throws {Error} Where it is not a key set.
 */
export function readKeySet(document: unknown): JSONWebKeySet {
  const { keys } = (document ?? {}) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw new Error('it is not a key set')
  if (keys.length > MAX_KEYS) throw new Error(`it has more than ${String(MAX_KEYS)} keys`)
  return { keys: keys.flatMap((key) => readKey(key) ?? []) }
}

function readKey(key: unknown): JWK | undefined {
  if (typeof key !== 'object' || key === null) return undefined
  const { kid, alg, use, key_ops: operations, ...rest } = key as Readonly<Record<string, unknown>>
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_CHARS) return undefined
  if (use !== undefined && use !== 'sig') return undefined
  if (Array.isArray(operations) && !operations.includes('verify')) return undefined
  if (alg !== undefined && !foreignAlgorithms.includes(alg as string)) return undefined
  const parts = publicParts(rest)
  return parts && { kid, ...(alg === undefined ? {} : { alg: alg as string }), ...parts }
}

function publicParts(key: Readonly<Record<string, unknown>>): JWK | undefined {
  const { kty, crv, n, e, x, y } = key
  if (kty === 'RSA') {
    if (!isText(n, MIN_MODULUS_CHARS, MAX_MODULUS_CHARS)) return undefined
    return isText(e, 1, MAX_EXPONENT_CHARS) ? { kty, n, e } : undefined
  }
  if (kty === 'EC' && isText(crv, 5, 5) && ['P-256', 'P-384', 'P-521'].includes(crv)) {
    return isText(x, 43, 88) && isText(y, 43, 88) ? { kty, crv, x, y } : undefined
  }
  return kty === 'OKP' && crv === 'Ed25519' && isText(x, 43, 43) ? { kty, crv, x } : undefined
}

function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === 'string' && value.length >= min && value.length <= max
}
