/**
 * AuthZ tokens: the provider's yes to one resource. Each is a ticket under its AuthN token's
 * session, so it is good for nothing once that has ended, and never lives longer.
 */
import { createHash } from 'node:crypto'
import type { Session } from '../../../domain/session.ts'
import type { Route } from '../../surface.ts'
import { anyText, fields, optional, repeatable } from '../../schema.ts'
import { findAuthentication, viewerOf } from './authentication.ts'
import {
  authorizationDenied,
  authorizationGone,
  authorizationNotFound,
  notAuthenticated,
  notAuthenticatedHere,
  passRefuse,
} from './errors.ts'
import type { Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { deviceRoutes } from './device-call.ts'
import { document, error, resource } from './wire.ts'

const KIND = 'adobe-authorization'

export type Authorization =
  | { readonly state: 'live'; readonly expiresAtMs: number }
  | { readonly state: 'expired' }
  | { readonly state: 'none' }

const token = document(
  'The AuthZ token',
  fields({ mvpd: anyText(), resource: anyText(), requestor: anyText(), expires: anyText() }),
  { requestor: 'REF30', mvpd: 'DemoMVPD', resource: 'TestStream1', expires: '1795295528539' },
)

export function authorizeRoutes(pass: Pass): readonly Route[] {
  return [...requestRoutes(pass), ...readRoutes(pass)]
}

/**
 * `GET /api/v1/authorize` [F]: asks the provider; 200 with the AuthZ token, 403 where it refuses or
 * no viewer is logged in.
 */
function requestRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/authorize',
      summary: 'Get an authorization for a resource',
      query: {
        resource,
        generic_data: optional(
          repeatable({ description: 'What a promotional pass is limited to' }),
        ),
      },
      responses: {
        200: token,
        403: error('The provider refuses, or no viewer is logged in'),
      },
      name: 'authorize',
    },
    async ({ deviceKey }, call) => {
      const id = call.query('resource')
      const session =
        (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticatedHere)
      const denial = denialOf(pass, session, id)
      if (denial !== undefined) return passRefuse(authorizationDenied(denial))
      const nowMs = pass.clock.nowMs()
      const endMs = Math.min(nowMs + pass.options.authorizationLifetimeMs, session.expiresAtMs)
      const key = keyOf(session, id)
      await pass.core.records.put({ kind: KIND, key, value: {}, expiresAtMs: endMs })
      const { json, xml } = tokenOf(session, id, endMs)
      return documentAnswer(pass.options, call.request, call.json(200, json), xml)
    },
  )
}

/** `GET /api/v1/tokens/authz` [F]: 200, 412 without AuthN, 404 without AuthZ, 410 where it expired. */
function readRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/tokens/authz',
      alsoHead: true,
      summary: 'Read an authorization',
      query: { resource },
      responses: {
        200: token,
        404: error('There is none'),
        410: error('It has expired'),
        412: error('No viewer is logged in'),
      },
      name: 'authz',
    },
    async ({ deviceKey }, call) => {
      const id = call.query('resource')
      const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticated)
      const found = await findAuthorization(pass, session, id)
      switch (found.state) {
        case 'live': {
          const { json, xml } = tokenOf(session, id, found.expiresAtMs)
          return documentAnswer(pass.options, call.request, call.json(200, json), xml)
        }
        case 'expired':
          return passRefuse(authorizationGone)
        case 'none':
          return passRefuse(authorizationNotFound)
      }
    },
  )
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

function tokenOf(session: Session, resource: string, expiresAtMs: number) {
  const { mvpd } = viewerOf(session)
  const requestor = session.clientId
  const expires = String(expiresAtMs)
  return {
    xml: { authorization: { expires, mvpd, requestor, resource } },
    json: { mvpd, resource, requestor, expires },
  }
}
