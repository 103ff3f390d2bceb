/** Requests into commands. Nothing here asks the store. */
import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import { readForm, readJson, requiredText, singleParameter, type JsonObject } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'

const MAX_KEY_LENGTH = 256
const MAX_TOKEN_LENGTH = 8192
/** RFC 7636, section 4.2: SHA-256 in base64url. */
const CHALLENGE = /^[\w-]{43}$/
/** RFC 7636, section 4.1. */
const VERIFIER = /^[\w\-.~]{43,128}$/
/** `b64token` of RFC 6750, section 2.1. */
const TOKEN = /^[\w\-.~+/]+=*$/

/**
 * Reads `x-client-key`. A browser that is sent to initiate has no way to set a header, so that call
 * takes the key from the query as well.
 *
 * @throws {Refusal} `client_key_missing`, `client_key_invalid` where it is sent twice or too long.
 */
export function readClientKey(request: DialectRequest, alsoInQuery = false): string {
  const header = request.header('x-client-key')?.trim()
  const key = header || (alsoInQuery ? request.query.get('client_key') : undefined)
  if (key === undefined || key === null || key === '') return refuse({ kind: 'client_key_missing' })
  if (request.headerCount('x-client-key') > 1 || key.length > MAX_KEY_LENGTH) {
    return refuse({ kind: 'client_key_invalid' })
  }
  return key
}

/** @throws {Refusal} `credentials_missing`, `credentials_malformed`. */
export function readBearer(request: DialectRequest): string {
  const authorization = readAuthorization(request)
  if (authorization === undefined) return refuse({ kind: 'credentials_missing' })
  if (authorization.scheme !== 'bearer') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
  }
  return authorization.token
}

/** Whether the caller asks for the US tenant. Recorded, and otherwise without consequence. */
export function asksForUs(request: DialectRequest): boolean {
  return request.header('x-us-env') === 'true' || request.query.get('region') === 'us'
}

export interface LoginCommand {
  readonly email: string
  readonly password: string
  readonly otpCode: string | undefined
}

/** @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`. */
export function readLogin(fields: JsonObject): LoginCommand {
  const otpCode = fields['otpCode']
  return {
    email: requiredText(fields, 'email', 320),
    password: requiredText(fields, 'password'),
    otpCode: otpCode === undefined || otpCode === null ? undefined : readOtpCode(fields),
  }
}

/** @throws {Refusal} `missing_parameter`; `invalid_parameter` where it is not six digits. */
export function readOtpCode(fields: JsonObject): string {
  const code = requiredText(fields, 'otpCode')
  if (/^\d{6}$/.test(code)) return code
  return refuse({ kind: 'invalid_parameter', parameter: 'otpCode', reason: 'not six digits' })
}

/** @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`. */
export function readUserId(request: DialectRequest): string {
  return requiredText(readJson(request), 'userId', 128)
}

export interface InitiateCommand {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  readonly codeChallenge: string
  /** True with `mode=api`: the answer is JSON, otherwise a redirect. */
  readonly asJson: boolean
}

/** @throws {Refusal} `missing_parameter`, `invalid_parameter`. */
export function readInitiate(request: DialectRequest): InitiateCommand {
  const required = (name: string): string =>
    singleParameter(request.query, name) ?? refuse({ kind: 'missing_parameter', parameter: name })
  const responseType = required('response_type')
  const command = {
    clientId: required('client_id'),
    redirectUri: required('redirect_uri'),
    state: required('state'),
    codeChallenge: required('code_challenge'),
    asJson: singleParameter(request.query, 'mode') === 'api',
  }
  const method = required('code_challenge_method')
  const wrong = (parameter: string, reason: string): never =>
    refuse({ kind: 'invalid_parameter', parameter, reason })
  if (responseType !== 'code') return wrong('response_type', 'not code')
  if (method !== 'S256') return wrong('code_challenge_method', 'not S256')
  if (!CHALLENGE.test(command.codeChallenge)) return wrong('code_challenge', 'no SHA-256')
  return command
}

/** The session JWT of the documentation; here an opaque handle. */
export function readAuthorizationToken(request: DialectRequest): string {
  return requiredText(readFields(request), 'token')
}

export type TokenCommand =
  | {
      readonly grant: 'authorization_code'
      readonly code: string
      readonly codeVerifier: string
      readonly redirectUri: string | undefined
      readonly clientId: string | undefined
    }
  | { readonly grant: 'refresh_token'; readonly refreshToken: string }

/**
 * Reads a token request (RFC 6749, sections 4.1.3 and 6), JSON or form.
 *
 * @param redirectUriRequired True on the documented path, false on the newer one, where clients do
 *   not send it and PKCE stands for it.
 * @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`.
 */
export function readToken(request: DialectRequest, redirectUriRequired: boolean): TokenCommand {
  const fields = readFields(request)
  const grantType = requiredText(fields, 'grant_type')
  if (grantType === 'refresh_token') {
    return { grant: grantType, refreshToken: requiredText(fields, 'refresh_token') }
  }
  if (grantType !== 'authorization_code') {
    return refuse({ kind: 'invalid_parameter', parameter: 'grant_type', reason: 'not supported' })
  }
  const optional = (name: string): string | undefined =>
    fields[name] === undefined ? undefined : requiredText(fields, name, 2048)
  const code = requiredText(fields, 'code')
  const redirectUri = redirectUriRequired
    ? requiredText(fields, 'redirect_uri', 2048)
    : optional('redirect_uri')
  const codeVerifier = requiredText(fields, 'code_verifier')
  if (!VERIFIER.test(codeVerifier)) {
    return refuse({
      kind: 'invalid_parameter',
      parameter: 'code_verifier',
      reason: 'not of the form of RFC 7636, section 4.1',
    })
  }
  return { grant: grantType, code, codeVerifier, redirectUri, clientId: optional('client_id') }
}

/**
 * Reads `{token, token_hint}`. The hint is a hint (RFC 7009, section 2.1): a token shows what it
 * is. What cannot be one, `Bearer …` say, is refused: a token that is not known is answered with
 * 200, and the client would take the one that it meant for ended.
 *
 * @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`.
 */
export function readRevocation(request: DialectRequest): string {
  const token = requiredText(readFields(request), 'token', MAX_TOKEN_LENGTH).trim()
  if (TOKEN.test(token)) return token
  return refuse({ kind: 'invalid_parameter', parameter: 'token', reason: 'it cannot be a token' })
}

/**
 * The fields of a JSON or form body. A body that begins as a JSON object is one whatever its media
 * type says: `curl -d` calls everything a form.
 */
function readFields(request: DialectRequest): JsonObject {
  const isForm =
    /^application\/x-www-form-urlencoded\b/i.test(request.header('content-type') ?? '') &&
    !/^\s*\{/.test(request.body.subarray(0, 64).toString('latin1'))
  return isForm ? readFormFields(request) : readJson(request)
}

/** @throws {Refusal} `malformed_request`; `invalid_parameter` where a name comes twice. */
export function readFormFields(request: DialectRequest): JsonObject {
  const form = readForm(request)
  const names = new Set(form.keys())
  return Object.fromEntries(
    [...names].map((name) => [name, singleParameter(form, name, MAX_TOKEN_LENGTH)]),
  )
}
