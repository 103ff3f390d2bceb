/**
 * Okta: developer.okta.com/docs/api/openapi/okta-management, "Revoke all user sessions". An API
 * token of an administrator who may manage users calls, as `Authorization: SSWS <token>`.
 *
 * - A subject: `DELETE /api/v1/users/{userId}/sessions?oauthTokens=true`, 204, which also revokes the
 *   refresh and access tokens.
 *
 * 404 with `E0000007` where there is no such person. 429 comes with `X-Rate-Limit-Remaining: 0` and
 * `X-Rate-Limit-Reset`, in Unix seconds.
 */
import { text } from '../../settings/schema.ts'
import { inPath, told, withToken, type Product } from './product.ts'

export interface OktaSettings {
  readonly kind: 'okta'
  readonly apiToken: string
}

export const okta: Product<OktaSettings> = {
  scopes: ['subject'],
  options: { apiToken: text({ secret: true }) },
  title: 'Okta',
  api: (_, issuer) => `${new URL(issuer).origin}/api/v1`,
  connect({ apiToken }, { api, exchange, nowMs }) {
    const call = withToken(exchange, `SSWS ${apiToken}`)
    return async ({ key }, signal) => {
      const url = `${api}/users/${inPath(key)}/sessions?oauthTokens=true`
      return told(await call({ method: 'DELETE', url }, signal), nowMs())
    }
  },
}
