/**
 * What every JWT is asked, of this server or of another issuer: whether it can be read, whether its
 * signature is good, and whether this is its time. What else it says is judged elsewhere.
 */
import {
  base64url,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import { RecentMap } from '../domain/recent-map.ts'

/** A JWT whose signature was verified, and nothing of what it says. */
export interface SignedToken {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

/** For `nbf` alone: a token that was signed a moment ago on a clock that is a little ahead is good. */
const TOLERANCE_SECONDS = 60

/** What a token says, of which nothing is verified yet; undefined where it is no JWT. */
export function payloadOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

/**
 * Verifies the signature of a JWT (RFC 7515).
 *
 * Where it can, it calls Web Crypto itself. `jose` accepts and refuses the same, but decodes the
 * payload, which is read already, and copies what is signed more than once: a new token costs 7 %
 * more with it. It gets what is rare: other algorithms, other forms of keys, headers with
 * extensions.
 *
 * @param find Finds the key. Not asked where the algorithm is not among those given.
 * @returns The header.
 * @throws {Error} Where the signature is not good; and what `find` throws.
 */
export async function verifySignature(
  token: string,
  find: JWTVerifyGetKey,
  algorithms: readonly string[],
): Promise<JWTHeaderParameters> {
  const [encodedHeader, payload, signature, ...more] = token.split('.')
  if (!encodedHeader || !payload || !signature || more.length > 0) throw new errors.JWTInvalid()
  const known = headers.get(encodedHeader)
  const header = known ?? headerOf(encodedHeader)
  // What is signed would be the payload as it stands, and not what it was decoded to (RFC 7797).
  if (header.b64 === false) throw new errors.JWTInvalid()
  if (!algorithms.includes(header.alg)) throw new errors.JOSEAlgNotAllowed()
  const direct = header.crit === undefined ? directly.get(header.alg) : undefined
  const key = await find(header, { protected: encodedHeader, payload, signature })
  if (direct === undefined || !isCryptoKey(key) || !direct.fits(key.algorithm)) {
    await compactVerify(token, key)
    return header
  }
  const signed = encoder.encode(token.slice(0, -1 - signature.length))
  const isGood = await crypto.subtle.verify(direct.by, key, base64url.decode(signature), signed)
  if (!isGood) throw new errors.JWSSignatureVerificationFailed()
  if (known === undefined) headers.set(encodedHeader, header)
  return header
}

/**
 * Why a token is not good at a time.
 *
 * @param timeMs Milliseconds since 1970.
 * @returns Undefined where it is good. It may have expired up to a minute ago.
 */
export function wrongTime(
  { iat, nbf, exp }: SignedToken['payload'],
  timeMs: number,
): 'invalid' | 'expired' | undefined {
  const seconds = Math.floor(timeMs / 1000)
  const isNumbers = [iat, nbf, exp].every((time) => time === undefined || typeof time === 'number')
  if (!isNumbers) return 'invalid'
  // So written that without a time nothing is good.
  if (nbf !== undefined && !((nbf as number) <= seconds + TOLERANCE_SECONDS)) return 'invalid'
  if (exp !== undefined && !((exp as number) > seconds - TOLERANCE_SECONDS)) return 'expired'
  return undefined
}

/** How Web Crypto verifies by an algorithm, and whether a key is one for it (RFC 7518). */
interface Direct {
  readonly by: { readonly name: string; readonly hash?: string }
  readonly fits: (key: KeyFacts) => boolean
}

/** `CryptoKey.algorithm`, of any key. */
interface KeyFacts {
  readonly name: string
  readonly namedCurve?: string
  readonly hash?: { readonly name: string }
  readonly modulusLength?: number
}

const directly: ReadonlyMap<string, Direct> = new Map<string, Direct>([
  [
    'ES256',
    {
      by: { name: 'ECDSA', hash: 'SHA-256' },
      fits: ({ name, namedCurve }) => name === 'ECDSA' && namedCurve === 'P-256',
    },
  ],
  [
    'RS256',
    {
      by: { name: 'RSASSA-PKCS1-v1_5' },
      fits: ({ name, hash, modulusLength = 0 }) =>
        name === 'RSASSA-PKCS1-v1_5' && hash?.name === 'SHA-256' && modulusLength >= 2048,
    },
  ],
])

const encoder = new TextEncoder()

/**
 * Headers that were met lately, of good signatures alone, as they are written: those of one key are
 * all the same, and to read one takes 2 % of what a new token does.
 */
const headers = new RecentMap<string, JWTHeaderParameters>(100)

/** @throws {Error} Where it is none. */
function headerOf(encoded: string): JWTHeaderParameters {
  return Object.freeze(decodeProtectedHeader({ protected: encoded })) as JWTHeaderParameters
}

function isCryptoKey(key: object): key is CryptoKey {
  return (key as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'CryptoKey'
}
