/**
 * Signing with Node's own one-shot call. `jose` clones the claims, encodes them in JavaScript and
 * goes through Web Crypto, which takes longer together than the signature itself: 60 µs for what
 * takes 31 here. It is this, not the disk, that bounds how often a node can refresh on one core.
 */
import { createPrivateKey, sign, type JsonWebKey } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningKey } from '../ports/store.ts'

/** Signs claims as a JWT (RFC 7519) of a type. */
export type SignJwt = (type: string, claims: Readonly<Record<string, unknown>>) => Promise<string>

type SignBytes = (bytes: Buffer) => Buffer | Promise<Buffer>

/** @param key Its private half as a JWK, unwrapped. */
export function jwtSigner({ kid, algorithm, privateJwk }: SigningKey): SignJwt {
  const signBytes = bytesSigner(algorithm, JSON.parse(privateJwk) as JsonWebKey)
  const headers = new Map<string, string>()
  const headerOf = (type: string): string => {
    const known = headers.get(type)
    if (known !== undefined) return known
    const header = base64url(JSON.stringify({ alg: algorithm, typ: type, kid }))
    headers.set(type, header)
    return header
  }
  return async (type, claims) => {
    const input = `${headerOf(type)}.${base64url(JSON.stringify(claims))}`
    const signature = await signBytes(Buffer.from(input, 'latin1'))
    return `${input}.${signature.toString('base64url')}`
  }
}

/** RSA takes twenty times as long as the others: on another thread, so that nothing waits for it. */
function bytesSigner(algorithm: SigningKey['algorithm'], jwk: JsonWebKey): SignBytes {
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  switch (algorithm) {
    case 'ES256':
      // Not by the option `dsaEncoding`: with options, Node 24 throws and catches two errors of its
      // own for each signature, which takes as long as the signature does.
      return (bytes) => withoutDer(sign('sha256', bytes, key))
    case 'EdDSA':
      return (bytes) => sign(undefined, bytes, key)
    case 'RS256':
      return (bytes) => promisify(sign)('sha256', bytes, key)
  }
}

const P256_BYTES = 32

/**
 * A signature of ECDSA on P-256 as JWS has it (RFC 7518, section 3.4): two numbers of 32 bytes. As
 * OpenSSL makes it, it is `30 length 02 length r 02 length s`, with a zero before a number whose
 * first bit is set, and without the zeros that a number begins with.
 */
function withoutDer(der: Buffer): Buffer {
  const joined = Buffer.alloc(2 * P256_BYTES)
  let at = 2
  for (const end of [P256_BYTES, 2 * P256_BYTES]) {
    const next = at + 2 + der.readUInt8(at + 1)
    const number = der.subarray(Math.max(at + 2, next - P256_BYTES), next)
    number.copy(joined, end - number.length)
    at = next
  }
  return joined
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}
