/**
 * The receiver of OpenID Connect Back-Channel Logout 1.0: where other issuers tell of a logout, at
 * a URL for each. It owns the request and its answers; the token is verified by the issuers' part
 * of the server, and the end is a verb of the core.
 */
import { cutoffAt, namesSessions, type Issuer } from '../../../domain/issuer.ts'
import { issuersPath } from '../../../protocol/issuers.ts'
import type { LogoutClaims } from '../../../protocol/logout-token.ts'
import { readForm } from '../../body.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Route } from '../../surface.ts'
import { oauthError, oauthFailure } from '../../oauth-error.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

const path = `${issuersPath}/:name/backchannel-logout`

export const backchannelLogout: OwnModule<object> = definePlain({
  name: 'backchannel-logout',
  title: 'Logouts of other issuers',
  create: (context) => ({
    routes: [logoutRoute(context)],
    owns: (asked) => asked.startsWith(`${issuersPath}/`),
    renderFailure: oauthFailure,
  }),
})

/**
 * `POST /outright/v1/issuers/{name}/backchannel-logout` (section 2.5), a form with `logout_token`.
 *
 * The steps of section 2.6 in their order. `jti` is not remembered: what a logout token ends is
 * fixed by itself, the session or the second of its `iat`, so that one which comes twice ends
 * nothing more, and an issuer that got no answer may send it again. 200 is answered when the end is
 * confirmed; 400 where the token is not good; 503 where another try may do better, which the
 * standard leaves to HTTP.
 */
function logoutRoute({ core, node }: SurfaceContext): Route {
  return {
    method: 'POST',
    path,
    operation,
    async handle(request) {
      const issuer = core.findIssuer(request.params['name'] ?? '')
      if (issuer === undefined || issuer.logoutClients.length === 0) {
        return oauthError(404, 'invalid_request', 'no issuer of this name sends logout tokens here')
      }
      const [token, ...others] = readForm(request).getAll('logout_token')
      if (token === undefined || token === '' || others.length > 0) {
        return oauthError(400, 'invalid_request', 'logout_token is not there once')
      }
      const claims = await node.issuers.verifyLogout(issuer, token)
      if (typeof claims === 'string') return oauthError(400, 'invalid_request', claims)
      const end = endOf(issuer, claims)
      if (end === undefined) {
        const why = 'the tokens of this issuer do not name their session, and sub is missing'
        return oauthError(400, 'invalid_request', why)
      }
      const { receipt } = await core.revokeForeign({
        issuer,
        ...end,
        reason: 'upstream_logout',
        actor: `issuer:${issuer.name}`,
        wait: true,
      })
      return { status: 200, receipt }
    },
  }
}

/**
 * What ends. A session where the issuer's access tokens name theirs; where they do not, a session
 * alone would end nothing, and all of that person ends up to the logout, by the issuer's own
 * clock.
 */
function endOf(
  issuer: Issuer,
  { sub, sid, issuedAtSeconds }: LogoutClaims,
):
  | { readonly scope: 'session' | 'subject'; readonly key: string; readonly cutoffSeconds?: number }
  | undefined {
  if (sid !== undefined && namesSessions(issuer)) return { scope: 'session', key: sid }
  if (sub === undefined) return undefined
  const cutoffSeconds = cutoffAt(issuer, issuedAtSeconds * 1000)
  return { scope: 'subject', key: sub, cutoffSeconds }
}

const operation: Route['operation'] = {
  summary: 'An issuer tells of a logout (OpenID Connect Back-Channel Logout 1.0)',
  description:
    'The URL to register as `backchannel_logout_uri` at the issuer that the configuration calls ' +
    '`name`. Answered when no verifier accepts what was logged out.',
  tags: ['Identity providers'],
  security: [],
  parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          required: ['logout_token'],
          properties: { logout_token: { type: 'string' } },
        },
      },
    },
  },
  responses: {
    200: { description: 'It has ended, everywhere' },
    400: { description: 'The logout token is not good' },
    404: { description: 'No issuer of this name sends logout tokens here' },
    503: { description: 'Try again: it could not be verified or stored' },
  },
}
