import { refuse } from '../../../domain/failure.ts'
import { readForm } from '../../body.ts'
import type { SurfaceRequest } from '../../surface.ts'
import type { OAuthClient } from '../../oauth-client.ts'
import type { OAuthService } from './service.ts'

/** What is said where a client does not get what it asked for (RFC 6749, section 5.2). */
export interface CallError<Code extends string = 'invalid_request'> {
  readonly error: Code
  readonly why: string
}

export interface ClientCall {
  readonly client: OAuthClient
  readonly form: URLSearchParams
}

/**
 * Reads the form that a client sends and finds out which client that is, as it is registered (RFC
 * 6749, section 3.2.1). One that proves nothing is counted by its address.
 *
 * @throws {Refusal} What concerns the client or this server.
 */
export async function readClientCall(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<ClientCall | CallError> {
  const form = readForm(request)
  const caller = await service.authenticateClient(request, form)
  if (caller === undefined) return refuse({ kind: 'credentials_missing' })
  const { client } = caller
  if (client === undefined) return refuse({ kind: 'credentials_invalid' })
  if (new Set(form.keys()).size !== form.size) {
    return { error: 'invalid_request', why: 'a parameter is there more than once' }
  }
  return { client, form }
}

/**
 * Counts what is kept for unauthenticated callers.
 *
 * @throws {Refusal} `rate_limited`.
 */
export async function countStranger(
  { strangers }: OAuthService,
  client: OAuthClient,
  { clientAddress }: SurfaceRequest,
): Promise<void> {
  if (client.methods.includes('none')) await strangers.consume(clientAddress)
}

/** The scopes of a request that its client may have; those that are not known are passed over. */
export function allowedScopes(
  client: OAuthClient,
  scope: string | undefined,
): readonly string[] | undefined {
  const wanted = words(scope)
  const scopes = client.scopes.filter((one) => wanted.includes(one))
  return wanted.length > 0 && scopes.length === 0 ? undefined : scopes
}

/** Words that are parted by spaces, as scopes are. */
export function words(text: string | undefined): readonly string[] {
  return text?.split(' ').filter((word) => word !== '') ?? []
}
