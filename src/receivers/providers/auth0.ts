/**
 * Auth0: auth0.com/docs/api/management/v2, "Delete sessions for user" and "Delete refresh tokens
 * for user". A machine-to-machine application calls that has the scopes `delete:sessions` and
 * `delete:refresh_tokens` of the Management API. Both answer 202; sessions are a feature of the
 * Enterprise plans.
 *
 * - A subject: `DELETE /api/v2/users/{user_id}/refresh-tokens`, then `DELETE
 *   /api/v2/users/{user_id}/sessions`.
 *
 * 429 comes with `x-ratelimit-remaining: 0` and `x-ratelimit-reset`, in Unix seconds.
 */
import { httpUrl, optional, text } from '../../settings/schema.ts'
import { bare, clientCredentials, inPath, told, withClientToken, type Product } from './product.ts'

export interface Auth0Settings {
  readonly kind: 'auth0'
  readonly clientId: string
  readonly clientSecret: string
  /** The tenant's own address, where the issuer is a custom domain. */
  readonly tenantUrl?: string
}

export const auth0: Product<Auth0Settings> = {
  scopes: ['subject'],
  options: {
    clientId: text({}),
    clientSecret: text({ secret: true }),
    tenantUrl: optional(httpUrl({})),
  },
  title: 'Auth0',
  api: ({ tenantUrl }, issuer) => bare(tenantUrl ?? issuer),
  connect({ clientId, clientSecret }, world) {
    const { api: tenant } = world
    const call = withClientToken(world, {
      url: `${tenant}/oauth/token`,
      form: clientCredentials({ clientId, clientSecret, audience: `${tenant}/api/v2/` }),
    })
    return async ({ key }, signal) => {
      const user = `${tenant}/api/v2/users/${inPath(key)}`
      // What lives longest first: a session alone makes no token here without a browser.
      for (const what of ['refresh-tokens', 'sessions']) {
        const answer = await call({ method: 'DELETE', url: `${user}/${what}` }, signal)
        const outcome = told(answer, world.nowMs())
        if (outcome.kind !== 'delivered') return outcome
      }
      return { kind: 'delivered' }
    }
  },
}
