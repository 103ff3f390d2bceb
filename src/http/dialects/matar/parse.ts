import { refuse } from '../../../domain/failure.ts'
import { readCredentials } from '../../authorization.ts'
import type { SurfaceRequest } from '../../surface.ts'

/**
 * Reads the token by the rules of Flask-JWT-Extended, which is stricter than HTTP about the scheme
 * and laxer about the header: `Bearer` is spelled so and not otherwise, the header may hold several
 * fields between commas, and exactly one of them must be a `Bearer`.
 *
 * @throws {Refusal} `credentials_missing` where there is no such field or more than one;
 *   `credentials_malformed` where no token stands behind it, or more than one word.
 */
export function readBearer(request: SurfaceRequest): string {
  const header = request.header('authorization')
  // Sent twice, it would be one header of two fields; which of them counted would be a guess.
  if (header === undefined || request.headerCount('authorization') > 1) {
    return refuse({ kind: 'credentials_missing' })
  }
  const bearers = header
    .split(',')
    .map((field) => field.trim())
    .filter((field) => /^Bearer(?: |$)/.test(field))
  const [bearer] = bearers
  if (bearer === undefined || bearers.length > 1) return refuse({ kind: 'credentials_missing' })
  const credentials = readCredentials(bearer)
  return credentials.scheme === 'bearer'
    ? credentials.token
    : refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
}
