import type { Failure } from '../../../domain/failure.ts'
import type { Answer } from '../../surface.ts'
import { flaskJson } from './flask-json.ts'

/**
 * The two bodies about one-time passwords and those of an expired and a revoked token are
 * documented. The other three about tokens have the texts of the tutorial that Matar's server
 * follows. All others are ours, in the form that Matar has for other errors, `message`.
 */
export function renderFailure(failure: Failure): Answer {
  switch (failure.kind) {
    case 'malformed_request':
      return json(400, { message: 'The body is not a JSON object' })
    case 'missing_parameter':
      return json(400, { message: `${failure.parameter} is required` })
    case 'invalid_parameter':
      return json(400, { message: `${failure.parameter} is not valid` })
    case 'otp_invalid':
      return json(400, { message: 'Invalid OTP' })
    case 'otp_expired':
      return json(400, { is_expired_otp: true, message: 'expired otp please try again' })
    case 'credentials_missing':
      return tokenError('authorization_required', 'Request does not contain an access token.')
    case 'credentials_malformed':
    case 'credentials_invalid':
    case 'token_invalid':
    case 'token_unproven':
    case 'client_key_missing':
    case 'client_key_invalid':
      return tokenError('invalid_token', 'Signature verification failed.')
    case 'token_expired':
      return tokenError('token_expired', 'The token has expired.')
    case 'token_not_fresh':
      return tokenError('fresh_token_required', 'The token is not fresh.')
    case 'token_revoked':
    case 'refresh_token_reused':
      return tokenError('token_revoked', 'The token has been revoked.')
    case 'account_disabled':
      return json(403, { message: 'This account is disabled' })
    case 'address_not_allowed':
    case 'forbidden':
      return json(403, { message: 'Forbidden' })
    case 'not_found':
      return json(404, { message: 'Not Found' })
    case 'method_not_allowed':
      return json(405, { message: 'Method Not Allowed' }, { allow: failure.allow.join(', ') })
    case 'conflict':
      return json(409, { message: 'Conflict' })
    case 'payload_too_large':
      return json(413, { message: 'Request Entity Too Large' })
    case 'headers_too_large':
      return json(431, { message: 'Request Header Fields Too Large' })
    case 'request_timeout':
      return json(408, { message: 'Request Timeout' })
    case 'unsupported_media_type':
      return json(415, { message: 'Unsupported Media Type' })
    case 'rate_limited':
      return tooManyRequests(failure.retryAfterSeconds)
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
      return json(503, { message: 'Service Unavailable' }, { 'retry-after': '1' })
    case 'internal':
      return json(500, { message: 'Internal Server Error' })
  }
}

function tokenError(error: string, description: string): Answer {
  return json(401, { description, error })
}

function tooManyRequests(retryAfterSeconds: number): Answer {
  const seconds = String(retryAfterSeconds)
  const description = `Too many requests. Try again in ${seconds} seconds.`
  return json(429, { description, error: 'too_many_requests' }, { 'retry-after': seconds })
}

function json(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: flaskJson(body),
  }
}
