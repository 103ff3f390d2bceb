import { refuse } from '../domain/failure.ts'
import { MAX_TOKEN_CHARS } from '../verifier/claims.ts'
import type { SurfaceRequest } from './surface.ts'
import { readUtf8 } from './utf8.ts'

/** Longer headers are refused unread. */
const MAX_CREDENTIAL_LENGTH = 'Bearer '.length + MAX_TOKEN_CHARS

export type Authorization =
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }

/**
 * Reads the Authorization header. Every dialect's credentials come through here or through
 * `readCredentials`; one that is stricter says so in its page.
 *
 * @returns Undefined where the request has no such header.
 * @throws {Refusal} `credentials_malformed` where it is sent twice, is too long, has an unknown
 *   scheme or cannot be decoded.
 */
export function readAuthorization(request: SurfaceRequest): Authorization | undefined {
  const header = request.header('authorization')
  if (header === undefined) return undefined
  if (request.headerCount('authorization') > 1) return malformed('Authorization was sent twice')
  return readCredentials(header)
}

/**
 * Reads credentials (RFC 9110 section 11.4, RFC 6750 section 2.1, RFC 7617): a scheme, whose case
 * does not matter, and behind it one space or more, no tab.
 *
 * @throws {Refusal} `credentials_malformed`.
 */
export function readCredentials(header: string): Authorization {
  if (header.length > MAX_CREDENTIAL_LENGTH) return malformed('Authorization is too long')
  const { scheme, rest } = split(header)
  if (scheme === 'bearer') return readBearer(rest)
  if (scheme === 'basic') return readBasic(rest)
  return malformed('the scheme is neither Bearer nor Basic')
}

/**
 * The token of `Authorization: Bearer` as it was sent. Whether it is a token68 is not looked at:
 * that takes longer than to find a token that is known, so it can wait until one is refused.
 *
 * @returns Undefined where there is no such header, where it is sent twice or is too long.
 */
export function sentBearer(request: SurfaceRequest): string | undefined {
  const header = request.header('authorization')
  if (header === undefined || header.length > MAX_CREDENTIAL_LENGTH) return undefined
  if (request.headerCount('authorization') > 1) return undefined
  const { scheme, rest } = split(header)
  return scheme === 'bearer' ? rest : undefined
}

/** Whether a text is what a token may be made of (RFC 9110, section 11.2). */
export function isToken68(text: string): boolean {
  return /^[\w\-.~+/]+=*$/.test(text)
}

function split(header: string): { readonly scheme: string; readonly rest: string } {
  const space = header.indexOf(' ')
  return space < 0
    ? { scheme: header.toLowerCase(), rest: '' }
    : { scheme: header.slice(0, space).toLowerCase(), rest: header.slice(space + 1).trim() }
}

function readBearer(token: string): Authorization {
  if (!isToken68(token)) return malformed('the bearer token is not a token68')
  return { scheme: 'bearer', token }
}

function readBasic(encoded: string): Authorization {
  if (!/^[A-Za-z0-9+/\-_]*={0,2}$/.test(encoded) || encoded === '') {
    return malformed('the Basic credentials are not base64')
  }
  const bytes = Buffer.from(encoded, 'base64')
  let decoded: string
  try {
    decoded = readUtf8(bytes)
  } catch {
    return malformed('the Basic credentials are not UTF-8')
  }
  const colon = decoded.indexOf(':')
  if (colon < 0) return malformed('the Basic credentials have no colon')
  return { scheme: 'basic', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

function malformed(reason: string): never {
  return refuse({ kind: 'credentials_malformed', reason })
}
