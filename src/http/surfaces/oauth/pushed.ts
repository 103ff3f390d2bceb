/**
 * Authorization requests that are kept here, so that a browser carries no more than a name of one
 * (RFC 9126). A client pushes one; one that a browser posts from another site is kept as well,
 * since it comes without the cookies of that browser.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Json } from '../../../domain/session.ts'
import type { SurfaceRequest } from '../../surface.ts'
import type { OAuthClient } from '../../oauth-client.ts'
import { findRecipient, readAuthorization, type AuthorizationError } from './authorization.ts'
import { countStranger, readClientCall, type CallError } from './client-call.ts'
import { readHolder, type HolderError } from './dpop.ts'
import type { OAuthService } from './service.ts'

/** RFC 9126, section 2.2. */
export interface PushAnswer {
  readonly request_uri: string
  readonly expires_in: number
}

const KEPT = 'oauth-request'
const URI_PREFIX = 'urn:ietf:params:oauth:request_uri:'
/** How clients prove who they are: none of it is kept. */
const credentials = ['client_secret', 'client_assertion', 'client_assertion_type'] as const

interface Kept {
  readonly clientId: string
  readonly parameters: string
  /** True: its client has sent it, and has proved who it is as far as it can. */
  readonly isPushed: boolean
}

/**
 * `POST /oauth2/par` (section 2.1): the client proves who it is as at the token endpoint, the
 * request is checked as it will be again when a browser brings its name, and is kept.
 *
 * @throws {Refusal} As `readClientCall` and `findRecipient`; `rate_limited`.
 */
export async function pushRequest(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<PushAnswer | CallError<AuthorizationError> | HolderError> {
  const called = await readClientCall(service, request)
  if ('error' in called) return called
  const { client, form: parameters } = called
  if (parameters.has('request_uri')) {
    return { error: 'invalid_request', why: 'request_uri is what this call returns' }
  }
  for (const name of credentials) parameters.delete(name)
  parameters.set('client_id', client.id)
  const holder = await readHolder(service, request)
  if ('error' in holder) return holder
  const { thumbprint = parameters.get('dpop_jkt') } = holder
  // A proof here says what `dpop_jkt` says, and more: that the key is there (RFC 9449, section 10.1).
  if (thumbprint !== null) {
    if ((parameters.get('dpop_jkt') ?? thumbprint) !== thumbprint) {
      return { error: 'invalid_request', why: 'dpop_jkt names another key than the proof' }
    }
    parameters.set('dpop_jkt', thumbprint)
  }
  const { recipient } = await findRecipient(service, parameters)
  const read = await readAuthorization(service, parameters, client, recipient)
  if ('error' in read) return read
  await countStranger(service, client, request)
  const { pushedLifetimeMs } = service.options
  const uri = await keepRequest(service, client, parameters, true)
  return { request_uri: uri, expires_in: Math.floor(pushedLifetimeMs / 1000) }
}

/** Keeps a request whose client is known, and names it. */
export async function keepRequest(
  { core, options }: OAuthService,
  { id: clientId }: OAuthClient,
  parameters: URLSearchParams,
  isPushed: boolean,
): Promise<string> {
  const value: Kept = { clientId, parameters: parameters.toString(), isPushed }
  const lifetimeMs = options.pushedLifetimeMs
  const kept = { kind: KEPT, value: value as unknown as Json, lifetimeMs }
  return URI_PREFIX + (await core.handles.issue(kept))
}

/** A request as its client meant it. */
export interface SentRequest {
  readonly parameters: URLSearchParams
  readonly isPushed: boolean
}

/**
 * The request itself, or the pushed one that it names, which is then used up. If it names one, only
 * its client still counts (section 4).
 *
 * @throws {Refusal} `invalid_parameter`: the pushed request is unknown, was used before, has
 *   expired, or is another client's.
 */
export async function takeRequest(
  { core }: OAuthService,
  sent: URLSearchParams,
): Promise<SentRequest> {
  const uri = sent.get('request_uri') ?? ''
  if (!uri.startsWith(URI_PREFIX)) return { parameters: sent, isPushed: false }
  const handle = uri.slice(URI_PREFIX.length)
  const kept = (await core.handles.find(KEPT, handle)) as unknown as Kept | undefined
  const isOwn = kept !== undefined && sent.getAll('client_id').join(' ') === kept.clientId
  if (!isOwn || !(await core.handles.take(KEPT, handle))) {
    const reason = 'not known here, used before, or expired'
    return refuse({ kind: 'invalid_parameter', parameter: 'request_uri', reason })
  }
  return { parameters: new URLSearchParams(kept.parameters), isPushed: kept.isPushed }
}
