import type { Failure } from '../../../domain/failure.ts'
import type { Answer } from '../../surface.ts'
import type { ClientTokens } from './act.ts'
import type { ErrorBody, Success, Tokens } from './wire.ts'

const json = { 'content-type': 'application/json' } as const

/** Login and refresh answer alike; the keys stand in the documented order. */
export function tokensOf({ tokens, clientNumber }: ClientTokens): Success<Tokens> {
  const { access, refresh, session } = tokens
  // A refresh token is of no use after its session, however long it was given.
  const refreshExpiresAtMs = Math.min(refresh?.expiresAtMs ?? 0, session.expiresAtMs)
  return {
    success: true,
    data: {
      access_token: access.token,
      refresh_token: refresh?.token ?? '',
      access_expires_at: timestamp(access.expiresAtMs),
      refresh_expires_at: timestamp(refreshExpiresAtMs),
      client_id: clientNumber,
    },
  }
}

/** RFC 3339 in UTC with `Z` and no fraction. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

interface ErrorForm {
  readonly status: number
  readonly name: string
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One envelope for every error; clients switch on `code`, never on `message`. */
export function renderFailure(failure: Failure): Answer {
  const { status, name, code, message, headers } = formOf(failure)
  const body: ErrorBody = { error: { name, code, message } }
  return {
    status,
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  }
}

function formOf(failure: Failure): ErrorForm {
  switch (failure.kind) {
    case 'malformed_request':
      return badRequest('Request body must be a JSON object')
    case 'missing_parameter':
    case 'invalid_parameter':
      return validation(failure.parameter)
    case 'otp_invalid':
    case 'otp_expired':
      return badRequest('Invalid one-time password')
    case 'unsupported_media_type':
      return form(415, 'UnsupportedMediaTypeError', 'Unsupported media type')
    case 'payload_too_large':
      return form(413, 'PayloadTooLargeError', 'Request body too large')
    case 'headers_too_large':
      return form(431, 'RequestHeaderFieldsTooLargeError', 'Request headers too large')
    case 'request_timeout':
      return form(408, 'RequestTimeoutError', 'Request timeout')
    case 'credentials_missing':
      return unauthorized('Authorization header required')
    case 'credentials_invalid':
    case 'account_disabled':
    case 'client_key_missing':
    case 'client_key_invalid':
      return unauthorized('Invalid credentials')
    case 'credentials_malformed':
    case 'token_invalid':
    case 'token_unproven':
    case 'token_revoked':
    case 'token_not_fresh':
    case 'refresh_token_reused':
      return unauthorized('Invalid token')
    case 'token_expired':
      return unauthorized('Token expired')
    case 'address_not_allowed':
      return form(403, 'ForbiddenError', 'IP address not authorized')
    case 'forbidden':
      return form(403, 'ForbiddenError', 'Forbidden')
    case 'not_found':
      return form(404, 'NotFoundError', 'Resource not found')
    case 'method_not_allowed':
      return {
        ...form(405, 'MethodNotAllowedError', 'Method not allowed'),
        headers: { allow: failure.allow.join(', ') },
      }
    case 'conflict':
      return form(409, 'ConflictError', 'Conflict')
    case 'rate_limited':
      return rateLimited(failure.retryAfterSeconds)
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
      return {
        ...form(503, 'ServiceUnavailableError', 'Service temporarily unavailable'),
        headers: { 'retry-after': '1' },
      }
    case 'internal':
      return form(500, 'InternalServerError', 'Internal server error')
  }
}

const codes = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  431: 'REQUEST_HEADER_FIELDS_TOO_LARGE',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
} as const

function form(status: keyof typeof codes, name: string, message: string): ErrorForm {
  return { status, name, code: codes[status], message }
}

function badRequest(message: string): ErrorForm {
  return form(400, 'BadRequestError', message)
}

function validation(parameter: string): ErrorForm {
  const message =
    parameter === 'refresh_token'
      ? 'Refresh token is required'
      : 'Username and password are required'
  return { status: 400, name: 'ValidationException', code: 'VALIDATION_FAILURE', message }
}

/** RFC 9110, section 15.5.2: a 401 names a challenge. */
function unauthorized(message: string): ErrorForm {
  return {
    ...form(401, 'UnauthorizedError', message),
    headers: { 'www-authenticate': 'Bearer' },
  }
}

function rateLimited(seconds: number): ErrorForm {
  return {
    ...form(429, 'TooManyRequestsError', `Rate limit exceeded. Retry after ${seconds} seconds.`),
    headers: { 'retry-after': String(seconds) },
  }
}
