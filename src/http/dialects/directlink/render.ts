import type { Failure } from '../../../domain/failure.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import type { LoggedIn } from './act.ts'

/** Path of the call whose errors have a shape of their own, below the dialect's base. */
export const tokenPath = '/oauth2/token'

/** Turns results and failures into DirectLink's bytes. Keys are in the documented order. */
export interface DirectLinkRender {
  token(result: LoggedIn): Answer
  login(result: LoggedIn): Answer
  logout(scheme: 'bearer' | 'basic', receipt: Receipt | undefined): Answer
  downloadList(username: string): Answer
  failure(failure: Failure, request: SurfaceRequest): Answer
}

/**
 * @param apiver `apiver` of every body.
 * @param baseUrl `scope` and `error_uri` of the token call.
 * @param time Prints now, as Go does.
 */
export function createRender(
  apiver: string,
  baseUrl: string,
  time: () => string,
): DirectLinkRender {
  const success = (handler: string, fields: object): Answer =>
    json(200, jsonHeaders, {
      status: 0,
      // The misspelling is in every handler's sample, and clients match on it.
      description: `${handler}:succsessfully`,
      apiver,
      ...fields,
      time: time(),
    })
  return {
    token: ({ access }) =>
      json(200, tokenHeaders, {
        access_token: access.token,
        token_type: 'Bearer',
        expires_in: Math.round((access.expiresAtMs - access.issuedAtMs) / 1000),
        scope: baseUrl,
      }),
    login: ({ username, access }) =>
      success('handlerAuthLogin', { user: username, bearer: access.token }),
    logout: (scheme, receipt) => {
      const link = scheme === 'basic' ? { urllink: '' } : {}
      const answer = success('handlerAuthLogout', { user: '', bearer: '', ...link })
      return receipt === undefined ? answer : { ...answer, receipt }
    },
    downloadList: (username) => success('handlerDownloadList', { user: username, files: [] }),
    failure: (failure, request) => {
      const { status, description, headers } = errorForm(failure)
      if (!request.path.endsWith(tokenPath)) {
        const body = { status, description, apiver, time: time() }
        return json(status, { ...jsonHeaders, ...headers }, body)
      }
      return json(
        status,
        { ...tokenHeaders, ...headers },
        {
          error: status,
          // Only here the documentation writes it in lower case.
          error_description: status === 500 ? 'Internal server error' : description,
          error_uri: baseUrl,
        },
      )
    },
  }
}

type Headers = Readonly<Record<string, string>>

const jsonHeaders: Headers = { 'content-type': 'application/json' }
const tokenHeaders: Headers = {
  'content-type': 'application/json;charset=UTF-8',
  'cache-control': 'no-store',
  pragma: 'no-cache',
}

function json(status: number, headers: Headers, body: object): Answer {
  return { status, headers, body: JSON.stringify(body) }
}

interface ErrorForm {
  readonly status: number
  readonly description: string
  readonly headers?: Headers
}

const badRequest: ErrorForm = { status: 400, description: 'Bad Request' }
const unauthorized: ErrorForm = { status: 401, description: 'Unauthorized' }
const forbidden: ErrorForm = { status: 403, description: 'Forbidden' }
const internalError: ErrorForm = { status: 500, description: 'Internal Server Error' }

/**
 * 400, 401, 403 and 500 are documented with their bodies, 404 and 405 by number; the others are
 * ours, with the texts that Go has for them.
 */
function errorForm(failure: Failure): ErrorForm {
  switch (failure.kind) {
    case 'malformed_request':
    case 'missing_parameter':
    case 'invalid_parameter':
    // `Authorization` is a required parameter of the page, and 400 its answer for bad parameters.
    case 'credentials_missing':
    case 'credentials_malformed':
      return badRequest
    case 'credentials_invalid':
    case 'token_invalid':
    case 'token_unproven':
    case 'token_expired':
    case 'token_revoked':
    case 'token_not_fresh':
    case 'refresh_token_reused':
    case 'client_key_missing':
    case 'client_key_invalid':
    case 'otp_invalid':
    case 'otp_expired':
      return unauthorized
    case 'account_disabled':
    case 'address_not_allowed':
    case 'forbidden':
      return forbidden
    case 'not_found':
      return { status: 404, description: 'Not Found' }
    case 'method_not_allowed': {
      const allow = failure.allow.join(', ')
      return { status: 405, description: 'Method Not Allowed', headers: { allow } }
    }
    case 'conflict':
      return { status: 409, description: 'Conflict' }
    case 'payload_too_large':
      return { status: 413, description: 'Request Entity Too Large' }
    case 'headers_too_large':
      return { status: 431, description: 'Request Header Fields Too Large' }
    case 'request_timeout':
      return { status: 408, description: 'Request Timeout' }
    case 'unsupported_media_type':
      return { status: 415, description: 'Unsupported Media Type' }
    case 'rate_limited': {
      const headers = { 'retry-after': String(failure.retryAfterSeconds) }
      return { status: 429, description: 'Too Many Requests', headers }
    }
    case 'stale':
    case 'stopping':
      return { status: 503, description: 'Service Unavailable', headers: { 'retry-after': '1' } }
    case 'store_unavailable':
      // The page knows no 503; this says that trying again helps.
      return { ...internalError, headers: { 'retry-after': '1' } }
    case 'internal':
      return internalError
  }
}
