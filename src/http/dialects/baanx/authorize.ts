/**
 * The authorization code grant with PKCE (RFC 6749, section 4.1; RFC 7636): initiate, authorize,
 * and the code in between.
 */
import { generationIn, type Generations } from '../../../domain/generation.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import { isRegistered } from '../../redirect-uri.ts'
import { oauthClientByKey, type Bearer } from './caller.ts'
import { BAANX, type BaanxService } from './service.ts'

const AUTHORIZATION = 'baanx-authorization'

/** An authorization that was begun and waits for a person's consent. */
export interface Authorization {
  /** Id of the OAuth client. */
  readonly clientId: string
  /** Id of the application that it belongs to. */
  readonly callerId: string
  readonly redirectUri: string
  readonly state: string
  readonly codeChallenge: string
}

export interface InitiateQuery {
  readonly client_id: string
  readonly redirect_uri: string
  readonly state: string
  readonly code_challenge: string
}

/**
 * `GET …/authorize/initiate`: begins an authorization.
 *
 * @returns Its handle, to be given back to `authorize` or opened on the page.
 * @throws {Refusal} `rate_limited`; `invalid_parameter` where client or redirect URI are not known.
 */
export async function initiate(
  service: BaanxService,
  caller: Client,
  query: InitiateQuery,
  address: string,
): Promise<string> {
  await service.limits.authorizationsPerAddress.consume(address)
  const client = await oauthClientByKey(service, caller, query.client_id)
  if (client === undefined) {
    return refuse({ kind: 'invalid_parameter', parameter: 'client_id', reason: 'not known' })
  }
  const { redirect_uri: redirectUri, state, code_challenge: codeChallenge } = query
  if (!isRegistered(redirectUri, client.redirectUris, service.settings.anyLoopbackPort)) {
    return refuse({
      kind: 'invalid_parameter',
      parameter: 'redirect_uri',
      reason: 'not registered',
    })
  }
  return service.core.handles.issue({
    kind: AUTHORIZATION,
    value: { clientId: client.id, callerId: caller.id, redirectUri, state, codeChallenge },
    lifetimeMs: service.settings.authorizationLifetimeMs,
  })
}

/** The authorization behind a handle; undefined where there is none, or no longer. */
export async function findAuthorization(
  service: BaanxService,
  handle: string,
): Promise<Authorization | undefined> {
  const found = await service.core.handles.find(AUTHORIZATION, handle)
  return found as unknown as Authorization | undefined
}

/** Ends an authorization: of any number of callers one gets true. */
export function takeAuthorization(service: BaanxService, handle: string): Promise<boolean> {
  return service.core.handles.take(AUTHORIZATION, handle)
}

export interface Consent {
  readonly authorization: Authorization
  readonly code: string
}

/**
 * `POST …/authorize`: the person behind a login's bearer consents.
 *
 * @throws {Refusal} `token_invalid` for the token of an OAuth client, which must not make another;
 *   `invalid_parameter` where the handle is unknown, used, expired or another application's.
 */
export async function authorize(
  service: BaanxService,
  caller: Client,
  bearer: Bearer,
  handle: string,
): Promise<Consent> {
  if (bearer.oauthClient !== undefined) {
    return refuse({ kind: 'token_invalid', reason: 'an OAuth token cannot consent' })
  }
  const authorization = await findAuthorization(service, handle)
  if (authorization?.callerId !== caller.id) return refuse(unknownHandle)
  const { sub, gen } = bearer.claims
  const now = await generationsOf(service, sub, authorization.clientId)
  // The login's own numbers: what ended it after it was verified ends the code as well.
  const generations = {
    ...now,
    everyone: generationIn(gen, 'everyone'),
    subject: generationIn(gen, 'subject'),
  }
  if (!(await takeAuthorization(service, handle))) return refuse(unknownHandle)
  return { authorization, code: await issueCode(service, authorization, sub, generations) }
}

const unknownHandle = {
  kind: 'invalid_parameter',
  parameter: 'token',
  reason: 'unknown, used or expired',
} as const

/** The counters as they are for a session of this person with this OAuth client. */
export async function generationsOf(
  service: BaanxService,
  subjectId: string,
  clientId: string,
): Promise<Generations> {
  return service.core.sessions.generations({ subjectId, clientId, deviceKey: undefined })
}

/** Issues a code for an authorization that was taken. */
export async function issueCode(
  { core, settings }: BaanxService,
  { clientId, redirectUri, codeChallenge }: Authorization,
  subjectId: string,
  generations: Generations,
): Promise<string> {
  return core.issueCode({
    dialect: BAANX,
    clientId,
    subjectId,
    generations,
    context: { redirectUri, codeChallenge },
    lifetimeMs: settings.codeLifetimeMs,
  })
}
