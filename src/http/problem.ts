import type { Failure } from '../domain/failure.ts'
import type { Answer } from './dialect.ts'

interface ProblemForm {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A failure as a problem document (RFC 9457): the form of our own API and of paths nobody owns. */
export function problemAnswer(failure: Failure): Answer {
  const { status, title, detail, headers } = problemForm(failure)
  const body = {
    type: `urn:outright:problem:${failure.kind.replaceAll('_', '-')}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
  }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify(body),
  }
}

const challenge = { 'www-authenticate': 'Bearer realm="outright"' }
const invalidToken = { 'www-authenticate': 'Bearer realm="outright", error="invalid_token"' }

function problemForm(failure: Failure): ProblemForm {
  switch (failure.kind) {
    case 'malformed_request':
      return { status: 400, title: 'The request cannot be read', detail: failure.reason }
    case 'missing_parameter':
      return { status: 400, title: 'A parameter is missing', detail: failure.parameter }
    case 'invalid_parameter':
      return {
        status: 400,
        title: 'A parameter is not valid',
        detail: `${failure.parameter}: ${failure.reason}`,
      }
    case 'unsupported_media_type':
      return { status: 415, title: 'The media type is not supported' }
    case 'payload_too_large':
      return { status: 413, title: 'The body is too large' }
    case 'credentials_missing':
      return { status: 401, title: 'Credentials are required', headers: challenge }
    case 'credentials_malformed':
      return { status: 401, title: 'The credentials cannot be read', headers: invalidToken }
    case 'credentials_invalid':
      return { status: 401, title: 'The credentials are not valid', headers: invalidToken }
    case 'token_invalid':
      return { status: 401, title: 'The token is not valid', headers: invalidToken }
    case 'token_expired':
      return { status: 401, title: 'The token has expired', headers: invalidToken }
    case 'token_revoked':
      return { status: 401, title: 'The token has been revoked', headers: invalidToken }
    case 'token_not_fresh':
      return { status: 401, title: 'A fresh token is required', headers: invalidToken }
    case 'refresh_token_reused':
      return { status: 401, title: 'The refresh token has been used', headers: invalidToken }
    case 'client_key_missing':
      return { status: 401, title: 'A client key is required' }
    case 'client_key_invalid':
      return { status: 401, title: 'The client key is not valid' }
    case 'account_disabled':
      return { status: 403, title: 'The account is disabled' }
    case 'address_not_allowed':
      return { status: 403, title: 'This address is not allowed' }
    case 'rate_limited':
      return {
        status: 429,
        title: 'Too many requests',
        detail: `Try again in ${String(failure.retryAfterSeconds)} seconds`,
        headers: { 'retry-after': String(failure.retryAfterSeconds) },
      }
    case 'otp_invalid':
      return { status: 400, title: 'The one-time password is not valid' }
    case 'otp_expired':
      return { status: 400, title: 'The one-time password has expired' }
    case 'forbidden':
      return { status: 403, title: 'Not allowed', detail: failure.reason }
    case 'not_found':
      return { status: 404, title: 'Nothing is here' }
    case 'method_not_allowed':
      return {
        status: 405,
        title: 'The method is not allowed here',
        headers: { allow: failure.allow.join(', ') },
      }
    case 'conflict':
      return { status: 409, title: 'It conflicts with what is there', detail: failure.reason }
    case 'stale':
      return {
        status: 503,
        title: 'This node cannot prove that it is current',
        headers: { 'retry-after': '1' },
      }
    case 'store_unavailable':
      return {
        status: 503,
        title: 'Nothing was stored: the store is unavailable',
        headers: { 'retry-after': '1' },
      }
    case 'internal':
      return { status: 500, title: 'Something went wrong here' }
  }
}
