import { refuse } from '../../../domain/failure.ts'
import { readAuthorization, type Authorization } from '../../authorization.ts'
import { readForm, singleParameter } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'

export type Basic = Extract<Authorization, { readonly scheme: 'basic' }>

export interface PasswordGrant {
  readonly username: string
  readonly password: string
}

/** Ids, names and passwords hold none (RFC 7617, section 2). */
const CONTROL_CHARACTER = /\p{Cc}/u
const LAST_PAGE = 1_000_000

/**
 * Reads who calls.
 *
 * @throws {Refusal} `credentials_missing` or `credentials_malformed` where the header is absent or
 *   cannot be read.
 */
export function readCredentials(request: DialectRequest): Authorization {
  const authorization = readAuthorization(request) ?? refuse({ kind: 'credentials_missing' })
  if (authorization.scheme === 'basic' && CONTROL_CHARACTER.test(authorization.username)) {
    return refuse({
      kind: 'credentials_malformed',
      reason: 'a control character in Basic credentials',
    })
  }
  return authorization
}

/**
 * Reads who calls where only user and password will do.
 *
 * @throws {Refusal} As `readCredentials`, and `credentials_malformed` for a bearer.
 */
export function readBasic(request: DialectRequest): Basic {
  const authorization = readCredentials(request)
  return authorization.scheme === 'basic'
    ? authorization
    : refuse({ kind: 'credentials_malformed', reason: 'a bearer where Basic is needed' })
}

/**
 * Reads the body of the token call.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter` or `malformed_request`.
 */
export function readPasswordGrant(request: DialectRequest): PasswordGrant {
  const form = readForm(request)
  if (required(form, 'grant_type') !== 'password') {
    return refuse({ kind: 'invalid_parameter', parameter: 'grant_type', reason: 'not password' })
  }
  const username = required(form, 'username')
  if (CONTROL_CHARACTER.test(username)) {
    return refuse({ kind: 'invalid_parameter', parameter: 'username', reason: 'not printable' })
  }
  return { username, password: required(form, 'password') }
}

/**
 * Reads the page of a list, from 1; the first where none is named.
 *
 * @throws {Refusal} `invalid_parameter`.
 */
export function readPage(request: DialectRequest): number {
  const text = singleParameter(request.query, 'page') ?? '1'
  const page = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return page >= 1 && page <= LAST_PAGE
    ? page
    : refuse({ kind: 'invalid_parameter', parameter: 'page', reason: 'not a page number' })
}

/**
 * Holds a call to its documented media type. The documentation spells the header with an
 * underscore, the vendor's own requests with a hyphen; either will do.
 *
 * @throws {Refusal} `invalid_parameter`.
 */
export function requireMediaType(request: DialectRequest, mediaType: string): void {
  const header = request.header('content-type') ?? request.header('content_type') ?? ''
  if (header.split(';', 1)[0]?.trim().toLowerCase() === mediaType) return
  refuse({ kind: 'invalid_parameter', parameter: 'Content_type', reason: 'not as documented' })
}

function required(form: URLSearchParams, parameter: string): string {
  return singleParameter(form, parameter) ?? refuse({ kind: 'missing_parameter', parameter })
}
