import { refuse } from '../domain/failure.ts'
import { readAuthorization } from './authorization.ts'
import { readForm } from './body.ts'
import type { DialectRequest } from './dialect.ts'

/** How a client says who it is at the endpoints of OAuth. */
export interface ClientCredentials {
  readonly id: string
  /** Undefined: a public client, which only names itself. */
  readonly secret: string | undefined
}

/**
 * Reads what a client authenticates with (RFC 6749, section 2.3.1): `client_secret_basic`,
 * `client_secret_post`, or `client_id` alone.
 *
 * @returns Undefined where the request names no client.
 * @throws {Refusal} `credentials_malformed`; `malformed_request` where it does so in two ways.
 */
export function readClientCredentials(request: DialectRequest): ClientCredentials | undefined {
  const form = readForm(request)
  const id = form.get('client_id') ?? ''
  const secret = form.get('client_secret') ?? undefined
  const authorization = readAuthorization(request)
  if (authorization === undefined) {
    if (id !== '') return { id, secret }
    return secret === undefined ? undefined : twoWays('client_secret comes without client_id')
  }
  if (authorization.scheme !== 'basic') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Basic' })
  }
  if (secret !== undefined) return twoWays('the client authenticates in two ways')
  const named = decoded(authorization.username)
  if (id !== '' && id !== named) return twoWays('client_id is not that of Authorization')
  return { id: named, secret: decoded(authorization.password) }
}

/** Both halves are encoded as in a form before they are joined: a colon may be in either. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return refuse({ kind: 'credentials_malformed', reason: 'it is not encoded as a form is' })
  }
}

function twoWays(reason: string): never {
  return refuse({ kind: 'malformed_request', reason })
}
