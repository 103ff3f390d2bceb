import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import type { SurfaceRequest } from '../../surface.ts'

/**
 * Reads the access token of a protected call.
 *
 * @throws {Refusal} `credentials_missing` where there is no Authorization header,
 *   `credentials_malformed` where it is not one Bearer token.
 */
export function readBearer(request: SurfaceRequest): string {
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
