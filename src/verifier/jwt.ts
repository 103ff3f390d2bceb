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
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import { RecentMap } from '../domain/recent-map.ts'
import { directKeyOf } from './direct-key.ts'

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
 * Where it can, it does without `jose`, which accepts the same and other spellings of a signature,
 * but decodes the payload, which is read already, and copies what is signed more than once: with it
 * a new token costs 7 % more. It gets what is rare: other algorithms, other forms of keys, headers
 * with extensions.
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
  // Decoding passes over white space, by which one token would have any number of spellings.
  if (!/^[\w-]+$/.test(signature)) throw new errors.JWTInvalid()
  const known = headers.get(encodedHeader)
  const header = known ?? headerOf(encodedHeader)
  // What is signed would be the payload as it stands, and not what it was decoded to (RFC 7797).
  if (header.b64 === false) throw new errors.JWTInvalid()
  if (!algorithms.includes(header.alg)) throw new errors.JOSEAlgNotAllowed()
  const key = await find(header, { protected: encodedHeader, payload, signature })
  const direct = header.crit === undefined ? directKeyOf(key) : undefined
  if (direct?.alg !== header.alg) {
    await compactVerify(token, key)
    return header
  }
  const signed = encoder.encode(token.slice(0, -1 - signature.length))
  // Never shared memory, which `jose` leaves open.
  const decoded = base64url.decode(signature) as Uint8Array<ArrayBuffer>
  const isGood = await direct.verify(decoded, signed)
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
