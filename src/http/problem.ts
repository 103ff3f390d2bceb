import type { Failure, FailureKind } from '../domain/failure.ts'
import { PROBLEM_TYPE_PREFIX } from '../protocol/admin-api.ts'
import type { Answer } from './surface.ts'

/** Of every problem document (RFC 9457, section 3). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

interface ProblemKind {
  readonly status: number
  readonly title: string
}

/** Status and title of every failure as a problem document. The compiler holds it complete. */
export const problems: Readonly<Record<FailureKind, ProblemKind>> = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  missing_parameter: { status: 400, title: 'A parameter is missing' },
  invalid_parameter: { status: 400, title: 'A parameter is not valid' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  credentials_missing: { status: 401, title: 'Credentials are required' },
  credentials_malformed: { status: 401, title: 'The credentials cannot be read' },
  credentials_invalid: { status: 401, title: 'The credentials are not valid' },
  token_invalid: { status: 401, title: 'The token is not valid' },
  token_expired: { status: 401, title: 'The token has expired' },
  token_revoked: { status: 401, title: 'The token has been revoked' },
  token_unproven: { status: 401, title: 'The token is bound to a key' },
  token_not_fresh: { status: 401, title: 'A fresh token is required' },
  refresh_token_reused: { status: 401, title: 'The refresh token has been used' },
  client_key_missing: { status: 401, title: 'A client key is required' },
  client_key_invalid: { status: 401, title: 'The client key is not valid' },
  account_disabled: { status: 403, title: 'The account is disabled' },
  address_not_allowed: { status: 403, title: 'This address is not allowed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  otp_invalid: { status: 400, title: 'The one-time password is not valid' },
  otp_expired: { status: 400, title: 'The one-time password has expired' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'It conflicts with the current state' },
  stale: { status: 503, title: 'This node cannot prove that it is current' },
  stopping: { status: 503, title: 'This node is being stopped' },
  store_unavailable: { status: 503, title: 'Nothing was stored: the store is unavailable' },
  internal: { status: 500, title: 'Something went wrong here' },
}

/**
 * A failure as a problem document (RFC 9457): the form of our own API and of paths without an
 * owner.
 */
export function problemAnswer(failure: Failure): Answer {
  const kind = problems[failure.kind]
  const more = { detail: detailOf(failure) }
  const slug = failure.kind.replaceAll('_', '-')
  return problemDocument(slug, kind, more, headersOf(failure, kind.status))
}

/** @param more Further members of the document; undefined ones are left out. */
export function problemDocument(
  slug: string,
  { status, title }: ProblemKind,
  more: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': PROBLEM_MEDIA_TYPE, ...headers },
    body: JSON.stringify({ type: PROBLEM_TYPE_PREFIX + slug, title, status, ...more }),
  }
}

/** What the caller may know beyond the title. Reasons of inner failures stay in the log. */
function detailOf(failure: Failure): string | undefined {
  switch (failure.kind) {
    case 'malformed_request':
    case 'forbidden':
    case 'conflict':
      return failure.reason
    case 'missing_parameter':
      return failure.parameter
    case 'invalid_parameter':
      return `${failure.parameter}: ${failure.reason}`
    case 'rate_limited':
      return `Try again in ${String(failure.retryAfterSeconds)} seconds`
    default:
      return undefined
  }
}

/** When to try again, and by which methods (RFC 9110, sections 10.2.1 and 10.2.3). */
export function adviceOf(failure: Failure): Readonly<Record<string, string>> {
  if (failure.kind === 'rate_limited') return { 'retry-after': String(failure.retryAfterSeconds) }
  if (failure.kind === 'method_not_allowed') return { allow: failure.allow.join(', ') }
  return problems[failure.kind].status === 503 ? { 'retry-after': '1' } : {}
}

/** A page that a failure is told with, and when to try again. */
export function withAdvice(answered: Answer, failure: Failure): Answer {
  return { ...answered, headers: { ...answered.headers, ...adviceOf(failure) } }
}

function headersOf(failure: Failure, status: number): Readonly<Record<string, string>> {
  if (status !== 401) return adviceOf(failure)
  if (failure.kind === 'token_unproven') return { 'www-authenticate': failure.challenge }
  const error = failure.kind === 'credentials_missing' ? '' : ', error="invalid_token"'
  return { 'www-authenticate': `Bearer realm="outright"${error}` }
}
