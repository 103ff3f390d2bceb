/**
 * AuthZ tokens: the provider's yes to one resource. Each is a ticket under its AuthN token's
 * session, so it is good for nothing once that has ended, and never lives longer.
 */
import { createHash } from 'node:crypto'
import type { Session } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication, viewerOf } from './authentication.ts'
import { readDeviceCaller } from './caller.ts'
import {
  authorizationDenied,
  authorizationGone,
  authorizationNotFound,
  notAuthenticated,
  notAuthenticatedHere,
  passRefuse,
} from './errors.ts'
import { requiredResource } from './parse.ts'
import type { Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

const KIND = 'adobe-authorization'

export type Authorization =
  | { readonly state: 'live'; readonly expiresAtMs: number }
  | { readonly state: 'expired' }
  | { readonly state: 'none' }

/**
 * `GET /api/v1/authorize` [F]: asks the provider; 200 with the AuthZ token, 403 where it says no or
 * nobody is logged in.
 */
export async function authorize(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey, parameters } = await readDeviceCaller(pass, request, { call: 'authorize' })
  const resource = requiredResource(parameters)
  const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticatedHere)
  const denial = denialOf(pass, session, resource)
  if (denial !== undefined) return passRefuse(authorizationDenied(denial))
  const nowMs = pass.clock.nowMs()
  const expiresAtMs = Math.min(nowMs + pass.options.authorizationLifetimeMs, session.expiresAtMs)
  await pass.core.records.put({
    kind: KIND,
    key: keyOf(session, resource),
    value: {},
    expiresAtMs,
  })
  return authorizationAnswer(pass, request, session, resource, expiresAtMs)
}

/** `GET /api/v1/tokens/authz` [F]: 200, 412 without AuthN, 404 without AuthZ, 410 where it expired. */
export async function readAuthorizationToken(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey, parameters } = await readDeviceCaller(pass, request, { call: 'authz' })
  const resource = requiredResource(parameters)
  const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticated)
  const authorization = await findAuthorization(pass, session, resource)
  switch (authorization.state) {
    case 'live':
      return authorizationAnswer(pass, request, session, resource, authorization.expiresAtMs)
    case 'expired':
      return passRefuse(authorizationGone)
    case 'none':
      return passRefuse(authorizationNotFound)
  }
}

/** What is stored of an authorization. */
export async function findAuthorization(
  pass: Pass,
  session: Session,
  resource: string,
): Promise<Authorization> {
  const found = await pass.core.records.find(KIND, keyOf(session, resource))
  if (found === undefined) return { state: 'none' }
  const { expiresAtMs, isOver } = found
  return isOver ? { state: 'expired' } : { state: 'live', expiresAtMs }
}

/** The provider's words where it denies the resource; undefined where it allows it. */
export function denialOf(pass: Pass, session: Session, resource: string): string | undefined {
  const { mvpd } = viewerOf(session)
  const denied = pass.mvpds.find(({ id }) => id === mvpd)?.deniedResources ?? {}
  return Object.hasOwn(denied, resource) ? denied[resource] : undefined
}

function keyOf(session: Session, resource: string): string {
  return `${session.sid} ${createHash('sha256').update(resource).digest('base64url')}`
}

function authorizationAnswer(
  pass: Pass,
  request: DialectRequest,
  session: Session,
  resource: string,
  expiresAtMs: number,
): Answer {
  const { mvpd } = viewerOf(session)
  const requestor = session.clientId
  const expires = String(expiresAtMs)
  return documentAnswer(pass.options, request, 200, {
    xml: { authorization: { expires, mvpd, requestor, resource } },
    json: { mvpd, resource, requestor, expires },
  })
}
