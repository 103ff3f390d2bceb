/**
 * The authorization code grant with PKCE (RFC 6749, section 4.1; RFC 7636): initiate, authorize,
 * and the code in between. Authorization sessions and codes are tickets under the hash of their
 * handle.
 */
import { generationIn, type Generations } from '../../../domain/generation.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import { isRegistered } from './redirect.ts'
import { oauthClientByKey, type Bearer } from './caller.ts'
import type { InitiateCommand } from './parse.ts'
import { digest, mintHandle, type BaanxService } from './service.ts'

const AUTHORIZATION = 'baanx-authorization'
export const CODE = 'baanx-code'
/** Codes are remembered this long after they expired, so that a late second use is noticed. */
const REMEMBER_CODE_MS = 3_600_000

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

/** What a code stands for. */
export interface CodeGrant {
  readonly clientId: string
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly subjectId: string
  /** The counters when consent was given: what was ended since then is not opened by this code. */
  readonly generations: Generations
  readonly validUntilMs: number
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
  command: InitiateCommand,
  address: string,
): Promise<string> {
  const { store, clock } = service.core.dependencies
  await service.limits.authorizationsPerAddress.consume(address)
  const client = await oauthClientByKey(service, caller, command.clientId)
  if (client === undefined) {
    return refuse({ kind: 'invalid_parameter', parameter: 'client_id', reason: 'not known' })
  }
  const { redirectUri, state, codeChallenge } = command
  if (!isRegistered(redirectUri, client.redirectUris, service.settings.anyLoopbackPort)) {
    return refuse({
      kind: 'invalid_parameter',
      parameter: 'redirect_uri',
      reason: 'not registered',
    })
  }
  const authorization: Authorization = {
    clientId: client.id,
    callerId: caller.id,
    redirectUri,
    state,
    codeChallenge,
  }
  const handle = mintHandle(service)
  await store.putTicket({
    kind: AUTHORIZATION,
    key: digest(handle),
    value: JSON.stringify(authorization),
    expiresAtMs: clock.nowMs() + service.settings.authorizationLifetimeMs,
  })
  return handle
}

/** The authorization behind a handle; undefined where there is none, or no longer. */
export async function findAuthorization(
  service: BaanxService,
  handle: string,
): Promise<Authorization | undefined> {
  const { store, clock } = service.core.dependencies
  const ticket = await store.findTicket(AUTHORIZATION, digest(handle))
  if (ticket === undefined || clock.nowMs() > ticket.expiresAtMs) return undefined
  return JSON.parse(ticket.value) as Authorization
}

/** Ends an authorization: of any number of callers one gets true. */
export async function takeAuthorization(service: BaanxService, handle: string): Promise<boolean> {
  const { store } = service.core.dependencies
  return (await store.takeTicket(AUTHORIZATION, digest(handle))) !== undefined
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
  const { store } = service.core.dependencies
  return store.generations({ subjectId, clientId, deviceKey: undefined })
}

/** Issues a code for an authorization that was taken. */
export async function issueCode(
  service: BaanxService,
  authorization: Authorization,
  subjectId: string,
  generations: Generations,
): Promise<string> {
  const { store, clock } = service.core.dependencies
  const { clientId, redirectUri, codeChallenge } = authorization
  const validUntilMs = clock.nowMs() + service.settings.codeLifetimeMs
  const grant: CodeGrant = {
    clientId,
    redirectUri,
    codeChallenge,
    subjectId,
    generations,
    validUntilMs,
  }
  const code = mintHandle(service)
  await store.putTicket({
    kind: CODE,
    key: digest(code),
    value: JSON.stringify(grant),
    expiresAtMs: validUntilMs + REMEMBER_CODE_MS,
  })
  return code
}
