import { refuse } from '../../../domain/failure.ts'
import { readAuthorization, type Authorization } from '../../authorization.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { CONTROL_CHARACTER } from './wire.ts'

export type Basic = Extract<Authorization, { readonly scheme: 'basic' }>

/**
 * Reads who calls.
 *
 * @throws {Refusal} `credentials_missing` or `credentials_malformed` where the header is absent or
 *   cannot be read.
 */
export function readCredentials(request: SurfaceRequest): Authorization {
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
export function readBasic(request: SurfaceRequest): Basic {
  const authorization = readCredentials(request)
  return authorization.scheme === 'basic'
    ? authorization
    : refuse({ kind: 'credentials_malformed', reason: 'a bearer where Basic is needed' })
}

/**
 * Holds a call to its documented media type. The documentation spells the header with an
 * underscore, the vendor's own requests with a hyphen; either will do.
 *
 * @throws {Refusal} `invalid_parameter`.
 */
export function requireMediaType(request: SurfaceRequest, mediaType: string): void {
  const header = request.header('content-type') ?? request.header('content_type') ?? ''
  if (header.split(';', 1)[0]?.trim().toLowerCase() === mediaType) return
  refuse({ kind: 'invalid_parameter', parameter: 'Content_type', reason: 'not as documented' })
}
