/**
 * Authentik: docs.goauthentik.io/api, and `authentik/core/api/authenticated_sessions.py` of its
 * sources. A service account calls with an API token, that may view users, and view and delete
 * authenticated sessions and refresh tokens.
 *
 * - A subject: who it is, by `GET /api/v3/core/users/`; then each of `GET
 *   /api/v3/core/authenticated_sessions/?user__username=` and of `GET
 *   /api/v3/oauth2/refresh_tokens/?user=` is deleted, 204.
 *
 * What `sub` is depends on the _Subject mode_ of the provider there; a hashed id identifies the
 * person only there.
 */
import { choice, text } from '../../settings/schema.ts'
import { objectIn, endEach, idsIn, inPath, PAGE, told, withToken, type Product } from './product.ts'

const modes = ['user_id', 'user_uuid', 'user_username', 'user_email'] as const

export interface AuthentikSettings {
  readonly kind: 'authentik'
  readonly apiToken: string
  /** Its _Subject mode_. */
  readonly subjectMode: (typeof modes)[number]
}

export const authentik: Product<AuthentikSettings> = {
  scopes: ['subject'],
  options: { apiToken: text({ secret: true }), subjectMode: choice(modes, {}) },
  title: 'authentik',
  api: (_, issuer) => `${new URL(issuer).origin}/api/v3`,
  connect({ apiToken, subjectMode }, { api, exchange, nowMs }) {
    const call = withToken(exchange, `Bearer ${apiToken}`)
    return async ({ key }, signal) => {
      const who = new URLSearchParams({ [subjectMode.replace('user_', '')]: key })
      const path = subjectMode === 'user_id' ? `${inPath(key)}/` : `?${String(who)}`
      const found = await call({ method: 'GET', url: `${api}/core/users/${path}` }, signal)
      if (found.kind !== 'answer' || found.status !== 200) return told(found, nowMs())
      const user = subjectMode === 'user_id' ? objectIn(found) : firstOf(objectIn(found))
      if (user === undefined) return { kind: 'delivered' }
      const page = `page_size=${String(PAGE)}`
      const username = new URLSearchParams({ user__username: String(user['username']) })
      const pk = new URLSearchParams({ user: String(user['pk']) })
      const lists = [
        { path: 'oauth2/refresh_tokens', query: String(pk), id: 'pk' },
        { path: 'core/authenticated_sessions', query: String(username), id: 'uuid' },
      ]
      for (const { path, query, id } of lists) {
        const url = `${api}/${path}/`
        const outcome = await endEach(
          () => call({ method: 'GET', url: `${url}?${query}&${page}` }, signal),
          (answer) => idsIn(answer, 'results', id),
          (one) => call({ method: 'DELETE', url: `${url}${inPath(one)}/` }, signal),
          nowMs(),
        )
        if (outcome.kind !== 'delivered') return outcome
      }
      return { kind: 'delivered' }
    }
  },
}

function firstOf(page: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const { results } = page
  return Array.isArray(results) ? (results as Record<string, unknown>[])[0] : undefined
}
