/** The frame of session management: a page that asks its script, and shows nothing. */
import { routesWith } from '../../declared-route.ts'
import type { Answer, Route, SurfaceRequest } from '../../surface.ts'
import { html, pageAnswer, styleSheet } from '../../html.ts'
import { oauthClientOf } from '../../oauth-client.ts'
import { refuseForm } from '../../oauth-error.ts'
import { scriptRoute } from '../../page-script.ts'
import { originOf } from '../../redirect-uri.ts'
import { answer, flag } from '../../schema.ts'
import type { OAuthService } from './service.ts'

export const checkSessionPath = '/oidc/check-session'
const checkSessionScriptPath = '/oidc/check-session.js'
const checkSessionClientPath = '/oidc/check-session/client'

const declare = routesWith({ refuse: refuseForm })

const pageResponse = { description: 'A page', type: 'text/html' } as const

/** What pages of clients have in a frame, where that is turned on. */
export function checkSessionRoutes(service: OAuthService): readonly Route[] {
  const about = { description: 'Whether it may be', schema: answer({ isKnown: flag({}) }) }
  return [
    declare(
      {
        method: 'GET',
        path: checkSessionPath,
        alsoHead: true,
        summary: 'A frame that says whether the person is still logged in (Session Management 1.0)',
        responses: { 200: pageResponse },
      },
      showCheckSession,
    ),
    scriptRoute(checkSessionScriptPath, new URL('browser/check-session.js', import.meta.url)),
    declare(
      {
        method: 'GET',
        path: checkSessionClientPath,
        summary: 'Whether a page may be that of a client',
        responses: { 200: about, default: pageResponse },
      },
      async (call) => call.json(200, await isPageOfClient(service, call.request)),
    ),
  ]
}

const style = styleSheet('')

/**
 * `GET /oidc/check-session` (section 3.3). Any page may show it, since the address is the same for
 * all clients: it has nothing to click, and answers `error` to any page that is not a client's.
 */
function showCheckSession(): Answer {
  return pageAnswer(200, {
    title: 'Session',
    style,
    body: html``,
    script: { path: checkSessionScriptPath },
    frameAncestors: '*',
  })
}

/** `GET /oidc/check-session/client`: whether a page may be that of a client. */
async function isPageOfClient(
  { core }: OAuthService,
  { query }: SurfaceRequest,
): Promise<{ readonly isKnown: boolean }> {
  const found = await core.clients.find({ by: 'id', value: query.get('client_id') ?? '' })
  const client = found?.status === 'disabled' ? undefined : oauthClientOf(found)
  const origins = client?.client.redirectUris.map(originOf) ?? []
  const origin = query.get('origin') ?? ''
  return { isKnown: origin !== '' && origins.includes(origin) }
}
