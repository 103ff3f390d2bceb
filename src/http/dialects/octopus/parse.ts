import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import { readJson, requiredText } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'

export interface LoginCommand {
  /** The API key. */
  readonly username: string
  /** The API secret. */
  readonly password: string
}

/**
 * Reads `{"username","password"}`. The Content-Type is not looked at: the page asks for
 * `application/json`, and what cannot be read as JSON is refused anyway.
 *
 * @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`.
 */
export function readLogin(request: DialectRequest): LoginCommand {
  const fields = readJson(request)
  return {
    username: requiredText(fields, 'username'),
    password: requiredText(fields, 'password'),
  }
}

/**
 * Reads `{"refresh_token"}`.
 *
 * @throws {Refusal} `malformed_request`, `missing_parameter`, `invalid_parameter`.
 */
export function readRefresh(request: DialectRequest): string {
  return requiredText(readJson(request), 'refresh_token')
}

/**
 * Reads the access token of a protected call.
 *
 * @throws {Refusal} `credentials_missing` where there is no Authorization header,
 *   `credentials_malformed` where it is not one Bearer token.
 */
export function readBearer(request: DialectRequest): string {
  if (request.header('authorization')?.trim() === '') {
    return refuse({ kind: 'credentials_missing' })
  }
  const authorization = readAuthorization(request)
  if (authorization === undefined) return refuse({ kind: 'credentials_missing' })
  if (authorization.scheme !== 'bearer') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
  }
  return authorization.token
}
