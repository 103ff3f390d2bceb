/** `/foreign-sessions`: who is logged in at other issuers, as far as tokens have told of it. */
import type { ForeignSessionFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { foreignSession, pageOf } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter, listQuery } from './inputs.ts'
import { pageRequest, renderPage } from './page.ts'
import { refuseParameter } from './problem.ts'
import { UNKNOWN_ISSUER } from './foreign.ts'
import { wireForeignSession } from './wire.ts'

/** `GET /foreign-sessions`: by issuer and subject. They end by `POST /revocations`. */
export function foreignSessionRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/foreign-sessions',
      id: 'listForeignSessions',
      tag: 'Sessions',
      role: 'viewer',
      summary: 'Logins at other issuers, by issuer and subject',
      description:
        'Those of which a token was accepted, by a guard or here: what is not in the list can be ended ' +
        'all the same. `POST /revocations` ends them, with `issuer` and scope session, subject or client.',
      query: listQuery<ForeignSessionFilter>({
        issuer: filter('Only at this one, by its name here or its `iss`'),
        subject: filter('Only of this subject there'),
        session: filter('Only this session there'),
        client: filter('Only of this client there'),
      }),
      responses: { 200: pageOf(foreignSession) },
    },
    async (call) => {
      const { limit, cursor, issuer, ...others } = call.query()
      const found = issuer === undefined ? undefined : core.findIssuer(issuer)
      if (issuer !== undefined && found === undefined) {
        return refuseParameter('issuer', UNKNOWN_ISSUER)
      }
      const wanted = { ...others, ...(found === undefined ? {} : { issuer: found.issuer }) }
      const page = await core.listForeignSessions(wanted, pageRequest({ limit, cursor }))
      return call.json(200, renderPage(page, wireForeignSession))
    },
  )
}
