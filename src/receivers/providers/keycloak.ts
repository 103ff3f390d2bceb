/**
 * Keycloak: www.keycloak.org/docs-api/latest/rest-api, "Realms Admin" and "Users". A confidential
 * client with a service account that has the role `manage-users` of `realm-management` calls; to
 * end everyone it needs `manage-realm` as well.
 *
 * - A subject: `POST /admin/realms/{realm}/users/{user-id}/logout`, 204.
 * - A session: `DELETE /admin/realms/{realm}/sessions/{session}`, 204.
 * - Everyone: `POST /admin/realms/{realm}/logout-all`, 200.
 *
 * 404 where there is no such person or session.
 */
import { httpUrl, optional, text } from '../../settings/schema.ts'
import {
  bare,
  clientCredentials,
  inPath,
  told,
  withClientToken,
  type Call,
  type Product,
} from './product.ts'

export interface KeycloakSettings {
  readonly kind: 'keycloak'
  readonly clientId: string
  readonly clientSecret: string
  /** Where the admin API is; default: the realm's below `/admin` of the issuer's host. */
  readonly adminUrl?: string
}

export const keycloak: Product<KeycloakSettings> = {
  scopes: ['subject', 'session', 'everyone'],
  options: {
    clientId: text({}),
    clientSecret: text({ secret: true }),
    adminUrl: optional(httpUrl({})),
  },
  title: 'Keycloak',
  api: ({ adminUrl }, issuer) =>
    bare(adminUrl ?? bare(issuer).replace(/\/realms\/([^/]+)$/, '/admin/realms/$1')),
  connect({ clientId, clientSecret }, world) {
    const { api: admin } = world
    const call = withClientToken(world, {
      url: `${bare(world.issuer)}/protocol/openid-connect/token`,
      form: clientCredentials({ clientId, clientSecret }),
    })
    const callFor = (scope: string, key: string): Call => {
      if (scope === 'session') return { method: 'DELETE', url: `${admin}/sessions/${inPath(key)}` }
      if (scope === 'everyone') return { method: 'POST', url: `${admin}/logout-all` }
      return { method: 'POST', url: `${admin}/users/${inPath(key)}/logout` }
    }
    return async ({ scope, key }, signal) =>
      told(await call(callFor(scope, key), signal), world.nowMs())
  },
}
