import type { Route } from '../../surface.ts'
import { anyText, fields } from '../../schema.ts'
import { findAuthentication, viewerOf } from './authentication.ts'
import { findAuthorization } from './authorize.ts'
import { mediaNotAuthorized, notAuthenticatedHere, passRefuse } from './errors.ts'
import { ADOBE_PASS, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { deviceRoutes } from './device-call.ts'
import { document, error, resource } from './wire.ts'

const mediaToken = document(
  'The media token',
  fields({
    resource: anyText(),
    requestor: anyText(),
    expires: anyText(),
    serializedToken: anyText(),
    userId: anyText(),
    mvpdId: anyText(),
  }),
  {
    resource: 'TestStream1',
    requestor: 'REF30',
    expires: '1795209548000',
    serializedToken: 'ZXlKaGJHY2lPaUpGVXpJMU5pSjku…',
    userId: 'viewer',
    mvpdId: 'DemoMVPD',
  },
)

/**
 * `GET /api/v1/tokens/media`, also `/api/v1/mediatoken` [F]: the short token that the video server
 * checks.
 *
 * `serializedToken` is base64 of a JWT that carries the session and the device, so that any guard
 * refuses it as soon as the device is logged out; the vendor's lives on for its seven minutes. Only
 * what was authorized before gets one: 403 otherwise.
 */
export function mediaTokenRoutes(pass: Pass): readonly Route[] {
  return ['/api/v1/tokens/media', '/api/v1/mediatoken'].flatMap((path) => routesOf(pass, path))
}

function routesOf(pass: Pass, path: string): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path,
      summary: 'Get a media token for what was authorized',
      query: { resource },
      responses: {
        200: mediaToken,
        403: error('It was not authorized, or no viewer is logged in'),
      },
      name: 'media',
    },
    async ({ deviceKey }, call) => {
      const id = call.query('resource')
      const session =
        (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticatedHere)
      const { state } = await findAuthorization(pass, session, id)
      if (state !== 'live') return passRefuse(mediaNotAuthorized)
      const { mvpd, userId } = viewerOf(session)
      const requestor = session.clientId
      const { token, expiresAtMs } = await pass.core.mint({
        session,
        audience: ADOBE_PASS,
        lifetimeMs: pass.options.mediaLifetimeMs,
        claims: { resource: id, mvpd, requestor },
      })
      const expires = String(expiresAtMs)
      const serializedToken = Buffer.from(token).toString('base64')
      const play = { expires, mvpdId: mvpd, requestor, resource: id, serializedToken, userId }
      const json = { resource: id, requestor, expires, serializedToken, userId, mvpdId: mvpd }
      return documentAnswer(pass.options, call.request, call.json(200, json), { play })
    },
  )
}
