import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication, viewerOf } from './authentication.ts'
import { findAuthorization } from './authorize.ts'
import { readDeviceCaller } from './caller.ts'
import { mediaNotAuthorized, notAuthenticatedHere, passRefuse } from './errors.ts'
import { requiredResource } from './parse.ts'
import { ADOBE_PASS, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

/**
 * `GET /api/v1/tokens/media`, also `/api/v1/mediatoken` [F]: the short token that the video server
 * checks.
 *
 * `serializedToken` is base64 of a JWT that carries the session and the device, so that any guard
 * refuses it as soon as the device is logged out; the vendor's lives on for its seven minutes. Only
 * what was authorized before gets one: 403 otherwise.
 */
export async function issueMediaToken(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey, parameters } = await readDeviceCaller(pass, request, { call: 'media' })
  const resource = requiredResource(parameters)
  const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticatedHere)
  const { state } = await findAuthorization(pass, session, resource)
  if (state !== 'live') return passRefuse(mediaNotAuthorized)
  const { mvpd, userId } = viewerOf(session)
  const requestor = session.clientId
  const { token, expiresAtMs } = await pass.core.mint({
    session,
    audience: ADOBE_PASS,
    lifetimeMs: pass.options.mediaLifetimeMs,
    claims: { resource, mvpd, requestor },
  })
  const expires = String(expiresAtMs)
  const serializedToken = Buffer.from(token).toString('base64')
  return documentAnswer(pass.options, request, 200, {
    xml: { play: { expires, mvpdId: mvpd, requestor, resource, serializedToken, userId } },
    json: { resource, requestor, expires, serializedToken, userId, mvpdId: mvpd },
  })
}
