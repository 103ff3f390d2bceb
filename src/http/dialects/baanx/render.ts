import type { Failure } from '../../../domain/failure.ts'
import type { IssuedTokens } from '../../../core/issued-tokens.ts'
import type { Answer } from '../../surface.ts'
import type { Consent } from './authorize.ts'
import type { BaanxOptions } from './options.ts'
import { withParameters } from '../../redirect-uri.ts'

const contentType = { 'content-type': 'application/json' } as const

type Headers = Readonly<Record<string, string>>

function json(status: number, body: unknown, headers: Headers = {}): Answer {
  return { status, headers: { ...contentType, ...headers }, body: JSON.stringify(body) }
}

/** Clients look for `/lock|too many (failed )?attempts|temporarily (disabled|blocked)/i`. */
export const lockedMessage = 'Too many failed attempts. Your account is temporarily locked.'

/** `+445*****225`: as many stars for every number, so that its length is not told either. */
export function maskPhone(phone: string | undefined): string | null {
  if (phone === undefined) return null
  const number = phone.startsWith('+') ? phone : `+${phone}`
  return number.length < 9 ? '+*****' : `${number.slice(0, 4)}*****${number.slice(-3)}`
}

/** Where the browser goes after consent (RFC 6749, section 4.1.2). */
export function consentUrl({ authorization, code }: Consent): string {
  return withParameters(authorization.redirectUri, { code, state: authorization.state })
}

/** Signing and storing take a moment; what is no older still has its whole life. */
const NEW_MS = 5000

/**
 * The documented body, without `token_type`.
 *
 * @param nowMs A repeated refresh gets the same pair, which is older by then and is said to be.
 */
export function grantOf(tokens: IssuedTokens, settings: BaanxOptions, nowMs: number): Grant {
  const { access, refresh, session } = tokens
  // A refresh token is of no use after its session, however long it was given.
  const refreshExpiresAtMs = Math.min(refresh?.expiresAtMs ?? 0, session.expiresAtMs)
  return {
    access_token: access.token,
    expires_in: secondsLeft(access.expiresAtMs - nowMs, settings.accessLifetimeMs),
    refresh_token: refresh?.token ?? null,
    refresh_token_expires_in: secondsLeft(refreshExpiresAtMs - nowMs, settings.refreshLifetimeMs),
  }
}

export interface Grant {
  readonly access_token: string
  readonly expires_in: number
  readonly refresh_token: string | null
  readonly refresh_token_expires_in: number
}

function secondsLeft(leftMs: number, wholeMs: number): number {
  const isNew = leftMs <= wholeMs && leftMs > wholeMs - NEW_MS
  return Math.max(0, Math.floor((isNew ? wholeMs : leftMs) / 1000))
}

/**
 * The form of a failure depends on the call: OAuth calls say what is wrong with a request as OAuth
 * does (RFC 6749, section 5.2), everything else is `{"message"}`.
 *
 * @param path Of the request.
 */
export function renderFailure(failure: Failure, path: string): Answer {
  const isOauth = /\/oauth2?\/(?!authorize\/page$)/.test(path)
  // On the token call a bad token is a bad grant, elsewhere it is a bad bearer.
  const isTokenCall = isOauth && path.endsWith('/token')
  switch (failure.kind) {
    case 'malformed_request':
      return isOauth
        ? oauthError('invalid_request', 'Malformed request')
        : json(400, { message: 'Malformed request' })
    case 'missing_parameter':
      return isOauth
        ? oauthError('invalid_request', `Missing required parameter: ${failure.parameter}`)
        : validationError(`${failure.parameter} is required`)
    case 'invalid_parameter':
      return isOauth
        ? oauthParameterError(failure.parameter)
        : validationError(`${failure.parameter} is invalid`)
    case 'forbidden':
      return isOauth ? oauthError('unauthorized_client') : json(403, { message: 'Forbidden' })
    case 'token_invalid':
    case 'token_unproven':
    case 'token_expired':
    case 'token_revoked':
    case 'token_not_fresh':
    case 'refresh_token_reused':
      return isTokenCall ? oauthError('invalid_grant') : unauthorized()
    case 'credentials_missing':
    case 'credentials_malformed':
      return unauthorized()
    case 'credentials_invalid':
      return json(400, { message: 'Invalid Credentials' })
    case 'otp_invalid':
      return json(400, { message: 'Invalid OTP' })
    case 'otp_expired':
      return json(400, { message: 'OTP Expired' })
    case 'account_disabled':
      return isTokenCall
        ? oauthError('invalid_grant')
        : json(403, { message: 'Your account has been disabled' })
    case 'client_key_invalid':
      return { ...json(498, { message: 'Invalid Token' }), reasonPhrase: 'Invalid Token' }
    case 'client_key_missing':
      return { ...json(499, { message: 'Token Required' }), reasonPhrase: 'Token Required' }
    case 'rate_limited':
      return json(
        429,
        { message: 'Too many requests, please try again later.' },
        { 'retry-after': String(failure.retryAfterSeconds) },
      )
    default:
      return renderCommonFailure(failure)
  }
}

/** Answers that every call can have. */
function renderCommonFailure(failure: CommonFailure): Answer {
  switch (failure.kind) {
    case 'address_not_allowed':
      return json(403, { message: 'Forbidden' })
    case 'unsupported_media_type':
      return json(415, { message: 'Unsupported Media Type' })
    case 'payload_too_large':
      return json(413, { message: 'Payload Too Large' })
    case 'headers_too_large':
      return json(431, { message: 'Request Header Fields Too Large' })
    case 'request_timeout':
      return json(408, { message: 'Request Timeout' })
    case 'not_found':
      return json(404, { message: 'Not Found' })
    case 'method_not_allowed':
      return json(405, { message: 'Method Not Allowed' }, { allow: failure.allow.join(', ') })
    case 'conflict':
      return json(409, { message: 'Conflict' })
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
      return json(503, { message: 'Service Unavailable' }, { 'retry-after': '1' })
    case 'internal':
      return json(500, { message: 'Internal Server Error' })
  }
}

type CommonFailure = Extract<
  Failure,
  {
    readonly kind:
      | 'address_not_allowed'
      | 'unsupported_media_type'
      | 'payload_too_large'
      | 'headers_too_large'
      | 'request_timeout'
      | 'not_found'
      | 'method_not_allowed'
      | 'conflict'
      | 'stale'
      | 'stopping'
      | 'store_unavailable'
      | 'internal'
  }
>

/** RFC 9110, section 15.5.2: a 401 names a challenge. */
function unauthorized(): Answer {
  return json(401, { message: 'Unauthorized' }, { 'www-authenticate': 'Bearer' })
}

function validationError(problem: string): Answer {
  return json(422, { message: 'Validation Error', errors: [problem] })
}

function oauthParameterError(parameter: string): Answer {
  switch (parameter) {
    case 'grant_type':
      return oauthError('unsupported_grant_type')
    case 'response_type':
      return oauthError('unsupported_response_type')
    case 'client_id':
      return oauthError('invalid_client')
    default:
      return oauthError('invalid_request', `Invalid parameter: ${parameter}`)
  }
}

function oauthError(error: string, description?: string): Answer {
  return json(
    400,
    description === undefined ? { error } : { error, error_description: description },
    { pragma: 'no-cache' },
  )
}
