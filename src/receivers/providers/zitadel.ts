/**
 * Zitadel: zitadel.com/docs/apis/resources/session_service_v2. A service user calls with a personal
 * access token, who may `session.read` and `session.delete` (such as _Org User Manager_, or _IAM
 * Owner_ for people of every organization).
 *
 * - A subject: `POST /v2/sessions/search` with a `userIdQuery`, then `DELETE /v2/sessions/{id}` for
 *   each, 200.
 *
 * 404 where there is no such session. These are the sessions of the login of version 2.
 */
import { text } from '../../settings/schema.ts'
import { bare, endEach, idsIn, inPath, PAGE, withToken, type Product } from './product.ts'

export interface ZitadelSettings {
  readonly kind: 'zitadel'
  readonly accessToken: string
}

const json = { 'content-type': 'application/json' }

export const zitadel: Product<ZitadelSettings> = {
  scopes: ['subject'],
  options: { accessToken: text({ secret: true }) },
  title: 'Zitadel',
  api: (_, issuer) => bare(issuer),
  connect({ accessToken }, { api, exchange, nowMs }) {
    const sessions = `${api}/v2/sessions`
    const call = withToken(exchange, `Bearer ${accessToken}`)
    return ({ key }, signal) => {
      const query = { query: { limit: PAGE }, queries: [{ userIdQuery: { id: key } }] }
      const search = {
        method: 'POST',
        url: `${sessions}/search`,
        headers: json,
        body: JSON.stringify(query),
      } as const
      return endEach(
        () => call(search, signal),
        (page) => idsIn(page, 'sessions', 'id'),
        (id) => {
          const url = `${sessions}/${inPath(id)}`
          return call({ method: 'DELETE', url, headers: json, body: '{}' }, signal)
        },
        nowMs(),
      )
    }
  },
}
