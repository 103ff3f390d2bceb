import { decodeJwt } from 'jose'
import { refuse } from '../domain/failure.ts'
import { readAuthorization } from './authorization.ts'
import { readForm } from './body.ts'
import type { SurfaceRequest } from './surface.ts'

/** How a client says who it is at the endpoints of OAuth. */
export interface ClientCredentials {
  readonly id: string
  /** Undefined: a public client, which only names itself. */
  readonly secret: string | undefined
  /** How the secret came. */
  readonly method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
  /** A JWT that the client has signed (RFC 7523, section 2.2). */
  readonly assertion?: string
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Reads what a client authenticates with (RFC 6749, section 2.3.1): `client_secret_basic`,
 * `client_secret_post`, `private_key_jwt` (RFC 7523, section 2.2), or `client_id` alone.
 *
 * @param form Its body, where that was read already.
 * @returns Undefined where the request names no client.
 * @throws {Refusal} `credentials_malformed`; `malformed_request` where it does so in two ways, or
 *   the body is JSON.
 */
export function readClientCredentials(
  request: SurfaceRequest,
  form: URLSearchParams = readForm(request),
): ClientCredentials | undefined {
  refuseJson(form)
  const id = form.get('client_id') ?? ''
  const secret = form.get('client_secret') ?? undefined
  const authorization = readAuthorization(request)
  const assertion = form.get('client_assertion') ?? undefined
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
      return twoWays('client_assertion_type is not that of a JWT')
    }
    if (secret !== undefined || authorization !== undefined) {
      return twoWays('the client authenticates in two ways')
    }
    return {
      id: id === '' ? issuerOf(assertion) : id,
      secret,
      method: 'private_key_jwt',
      assertion,
    }
  }
  if (authorization === undefined) {
    const method = secret === undefined ? 'none' : 'client_secret_post'
    if (id !== '') return { id, secret, method }
    return secret === undefined ? undefined : twoWays('client_secret comes without client_id')
  }
  if (authorization.scheme !== 'basic') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Basic' })
  }
  if (secret !== undefined) return twoWays('the client authenticates in two ways')
  const named = decoded(authorization.username)
  if (id !== '' && id !== named) return twoWays('client_id is not that of Authorization')
  const password = decoded(authorization.password)
  return { id: named, secret: password, method: 'client_secret_basic' }
}

/** Where the body is JSON, every parameter is missing, and no error would say why. */
function refuseJson(form: URLSearchParams): void {
  const [first = ''] = form.keys()
  if (!first.trimStart().startsWith('{')) return
  const reason = 'the body is JSON: send it as application/x-www-form-urlencoded'
  refuse({ kind: 'malformed_request', reason })
}

/** The client that an assertion names: not verified yet, not even as a valid name. */
function issuerOf(assertion: string): string {
  try {
    const iss: unknown = decodeJwt(assertion).iss
    return typeof iss === 'string' ? iss : ''
  } catch {
    return refuse({ kind: 'credentials_malformed', reason: 'client_assertion is not a JWT' })
  }
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
