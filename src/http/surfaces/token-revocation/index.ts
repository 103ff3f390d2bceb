/**
 * OAuth 2.0 Token Revocation (RFC 7009): `POST /oauth2/revoke`, with the token itself. It owns the
 * form of the request and its answers. It takes access tokens, of this server and of every other
 * issuer that is accepted here; refresh tokens are ended where their dialect says.
 */
import { group } from '../../../settings/schema.ts'
import { readForm } from '../../body.ts'
import type { DialectContext } from '../../context.ts'
import type { Route } from '../../dialect.ts'
import { oauthError, oauthFailure } from '../../oauth-error.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'

const PATH = '/oauth2/revoke'

export const tokenRevocation: OwnModule<object> = defineOwn({
  name: 'token-revocation',
  title: 'OAuth 2.0 Token Revocation',
  options: group<object>({}),
  create: (context) => ({
    routes: [revokeRoute(context)],
    owns: (path) => path === PATH,
    renderFailure: oauthFailure,
  }),
})

/**
 * `POST /oauth2/revoke` (section 2.1), a form with `token`, `client_id` and perhaps
 * `token_type_hint`, which changes nothing.
 *
 * 1. Repeated and missing parameters: 400 `invalid_request`.
 * 2. A token that no verifier accepts: 200, there is nothing to end (section 2.2).
 * 3. The caller is a public client (section 2.1): it names itself, and the token must be its own. The
 *    holder of an access token may end it, so there is no secret to ask for. 400 `invalid_grant`
 *    otherwise, and the token stays good.
 * 4. The token ends, and the answer waits for every verifier.
 *
 * 503 where it cannot be verified or stored: the token still exists (section 2.2.1).
 */
function revokeRoute({ core }: DialectContext): Route {
  return {
    method: 'POST',
    path: PATH,
    operation,
    async handle(request) {
      const form = readForm(request)
      if (new Set(form.keys()).size !== [...form.keys()].length) {
        return oauthError(400, 'invalid_request', 'a parameter is there more than once')
      }
      const token = form.get('token') ?? ''
      if (token === '') return oauthError(400, 'invalid_request', 'token is missing')
      const recognized = await core.recognizeAny(token)
      if (recognized === 'stale') return oauthFailure({ kind: 'stale' })
      if (typeof recognized === 'string' || recognized.state === 'expired') return { status: 200 }
      const { client } = recognized
      if (client !== undefined && form.get('client_id') !== client) {
        return oauthError(400, 'invalid_grant', 'the token was issued to another client')
      }
      const { receipt } = await core.revokeToken(recognized, {
        reason: 'revoked_by_client',
        actor: client === undefined ? 'token' : `client:${client}`,
        wait: request.waitForConfirmation,
      })
      return { status: 200, receipt }
    },
  }
}

const operation: Route['operation'] = {
  summary: 'Revoke an access token (RFC 7009)',
  description:
    'Of this server or of another issuer that is accepted here. Answered when no verifier accepts ' +
    'the token. `client_id` is that of the token, where it names one.',
  tags: ['oauth'],
  security: [],
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          required: ['token'],
          properties: {
            token: { type: 'string' },
            client_id: { type: 'string' },
            token_type_hint: { type: 'string' },
          },
        },
      },
    },
  },
  responses: {
    200: { description: 'It has ended, everywhere; or there was nothing to end' },
    400: { description: 'The request is not good, or the token is another client’s' },
    503: { description: 'It could not be verified or stored: the token still exists' },
  },
}
