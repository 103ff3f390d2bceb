import type { Failure } from '../../../domain/failure.ts'
import type { PassError } from './errors.ts'

const parameterErrors: Readonly<Record<string, readonly [code: string, message: string]>> = {
  requestor: ['invalid_requestor', 'The requestor parameter is missing or invalid.'],
  requestor_id: ['invalid_requestor', 'The requestor parameter is missing or invalid.'],
  deviceId: ['invalid_device_id', 'The device identifier is missing or invalid.'],
  device_info: ['invalid_device_info', 'The device information is missing or invalid.'],
  resource: ['missing_resource', 'The resource parameter is missing.'],
}

/** The dialect's one exhaustive switch: every failure as what this API would say. */
export function passErrorOf(failure: Failure): PassError {
  switch (failure.kind) {
    case 'missing_parameter':
      // The page shows the placeholder `<>` where the name stands [F].
      return parameterError(failure.parameter, `Required '${failure.parameter}' is not present`)
    case 'invalid_parameter':
      return parameterError(failure.parameter, `Parameter '${failure.parameter}' is not valid`)
    case 'malformed_request':
    case 'conflict':
    case 'otp_invalid':
    case 'otp_expired':
      return plain(400, 'Bad Request')
    case 'credentials_missing':
    case 'credentials_malformed':
    case 'credentials_invalid':
    case 'token_invalid':
    case 'token_unproven':
    case 'token_expired':
    case 'token_revoked':
    case 'token_not_fresh':
    case 'refresh_token_reused':
    case 'client_key_missing':
    case 'client_key_invalid':
      return unauthorized
    case 'account_disabled':
    case 'address_not_allowed':
    case 'forbidden':
      return plain(403, 'Forbidden')
    case 'not_found':
      return { ...plain(404, 'Not Found'), xmlMessage: 'Not found' }
    case 'method_not_allowed':
      return plain(405, 'Method Not Allowed')
    case 'payload_too_large':
      return plain(413, 'Payload Too Large')
    case 'headers_too_large':
      return plain(431, 'Request Header Fields Too Large')
    case 'request_timeout':
      return { ...plain(408, 'Request Timeout'), action: 'retry' }
    case 'unsupported_media_type':
      return plain(415, 'Unsupported Media Type')
    case 'rate_limited':
      return { ...plain(429, 'Too Many Requests'), action: 'retry' }
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
      return { ...plain(503, 'Service Unavailable'), action: 'retry' }
    case 'internal':
      return plain(500, 'Internal Server Error')
  }
}

const unauthorized: PassError = {
  status: 401,
  message: 'Unauthorized',
  action: 'application-registration',
  code: 'invalid_access_token_client_application',
  enhancedMessage: 'The access token is invalid due to invalid client application.',
}

function parameterError(parameter: string, message: string): PassError {
  const [code, enhancedMessage] = parameterErrors[parameter] ?? ['internal_error', message]
  return { status: 400, message, action: 'none', code, enhancedMessage }
}

function plain(status: number, message: string): PassError {
  return { status, message, action: 'none', code: 'internal_error', enhancedMessage: message }
}

/** The error codes of client registration and of its access tokens (RFC 6749, RFC 7591). */
export function registrationErrorOf(failure: Failure): { status: number; error: string } {
  switch (failure.kind) {
    case 'credentials_invalid':
    case 'credentials_missing':
      return { status: 400, error: 'invalid_client' }
    case 'account_disabled':
      return { status: 400, error: 'unauthorized_client' }
    case 'invalid_parameter': {
      const isRedirect = failure.parameter === 'redirect_uri'
      return { status: 400, error: isRedirect ? 'invalid_redirect_uri' : 'invalid_request' }
    }
    case 'method_not_allowed':
    case 'not_found':
    case 'payload_too_large':
    case 'headers_too_large':
    case 'request_timeout':
    case 'unsupported_media_type':
      return { status: passErrorOf(failure).status, error: 'invalid_request' }
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
      return { status: 503, error: 'temporarily_unavailable' }
    case 'internal':
      return { status: 500, error: 'server_error' }
    default:
      return { status: 400, error: 'invalid_request' }
  }
}
