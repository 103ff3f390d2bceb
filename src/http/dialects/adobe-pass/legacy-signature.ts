/**
 * The header by which clients signed their calls before access tokens [C]: `<VERB> requestor_id=…,
 * nonce=…, signature_method=HMAC-SHA1, request_time=<ms>, request_uri=…, public_key=…,
 * signature=<base64 HMAC-SHA1 of everything before ", public_key">`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import type { LegacyKey } from './options.ts'

export interface LegacySignature {
  readonly requestor: string
  readonly nonce: string
  readonly requestTimeMs: number
  readonly requestUri: string
  readonly publicKey: string
  readonly signature: string
  readonly signed: string
}

/** How far a client's clock may be off. */
const CLOCK_WINDOW_MS = 15 * 60_000
const LONGEST = 2048

const FORM =
  /^([A-Z]+ requestor_id=([^,\s]+), nonce=([^,\s]+), signature_method=HMAC-SHA1, request_time=(\d{1,16}), request_uri=([^,\s]+)), public_key=([^,\s]+), signature=([A-Za-z0-9+/]+=*)$/

/**
 * Whether an Authorization header is of this form: it begins with a verb where others have a
 * scheme.
 */
export function isLegacy(header: string): boolean {
  return /^[A-Z]+ requestor_id=/.test(header)
}

/** Takes the header apart; undefined where it is incomplete. */
export function readLegacy(header: string): LegacySignature | undefined {
  const match = header.length > LONGEST ? null : FORM.exec(header)
  if (match === null) return undefined
  const [, signed = '', requestor = '', nonce = '', time = '', requestUri = '', ...rest] = match
  const [publicKey = '', signature = ''] = rest
  return {
    requestor,
    nonce,
    requestTimeMs: Number(time),
    requestUri,
    publicKey,
    signature,
    signed,
  }
}

/**
 * Verifies a signature. The verb is not compared with the request's: observed clients sign `GET`
 * for their DELETE. The URI may be the end of the path: some sign `/logout`, others
 * `/api/v1/logout`.
 *
 * @param keys The operator's keys; one must match public key and requestor.
 * @returns When the header stops being good: until then its nonce is to be remembered.
 * @throws {Refusal} `token_invalid`, without saying to the caller which part was wrong.
 */
export function verifyLegacy(
  keys: readonly LegacyKey[],
  header: LegacySignature,
  path: string,
  nowMs: number,
): { readonly expiresAtMs: number } {
  const key = keys.find(
    ({ publicKey, requestor }) => publicKey === header.publicKey && requestor === header.requestor,
  )
  if (key === undefined) return invalid('no such public key of that requestor')
  const right = createHmac('sha1', key.secret).update(header.signed).digest()
  const given = Buffer.from(header.signature, 'base64')
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    return invalid('the signature does not match')
  }
  // Seconds instead of milliseconds fail here too, as they do at the vendor.
  if (Math.abs(nowMs - header.requestTimeMs) > CLOCK_WINDOW_MS) {
    return invalid('the request time is not near now, in milliseconds')
  }
  if (!path.endsWith(header.requestUri)) return invalid('the request URI is another')
  return { expiresAtMs: header.requestTimeMs + CLOCK_WINDOW_MS }
}

function invalid(reason: string): never {
  return refuse({ kind: 'token_invalid', reason: `legacy signature: ${reason}` })
}
