/**
 * Entra ID: learn.microsoft.com/graph/api/user-revokesigninsessions. An app registration calls that
 * has the application permission `User.RevokeSessions.All`, with the client credentials flow
 * (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 *
 * - A subject: `POST /v1.0/users/{id}/revokeSignInSessions`. 204 by the page, 200 with a body by its
 *   "known issue". It may take minutes there until refresh tokens are refused.
 *
 * 429 comes with `Retry-After`, in seconds.
 */
import { httpUrl, text } from '../../settings/schema.ts'
import { bare, clientCredentials, inPath, told, withClientToken, type Product } from './product.ts'

export interface EntraSettings {
  readonly kind: 'entra'
  readonly clientId: string
  readonly clientSecret: string
  /** Others in national clouds. */
  readonly loginUrl: string
  readonly graphUrl: string
}

export const entra: Product<EntraSettings> = {
  scopes: ['subject'],
  options: {
    clientId: text({}),
    clientSecret: text({ secret: true }),
    loginUrl: httpUrl({ default: 'https://login.microsoftonline.com' }),
    graphUrl: httpUrl({ default: 'https://graph.microsoft.com' }),
  },
  title: 'Entra ID',
  api: ({ graphUrl }) => bare(graphUrl),
  connect({ clientId, clientSecret, loginUrl }, world) {
    const { api: graph } = world
    const [, tenant = ''] = new URL(world.issuer).pathname.split('/')
    const call = withClientToken(world, {
      url: `${bare(loginUrl)}/${tenant}/oauth2/v2.0/token`,
      form: clientCredentials({ clientId, clientSecret, scope: `${graph}/.default` }),
    })
    return async ({ key }, signal) => {
      const url = `${graph}/v1.0/users/${inPath(key)}/revokeSignInSessions`
      return told(await call({ method: 'POST', url }, signal), world.nowMs())
    }
  },
}
