/** `/foreign-sessions`: who is logged in at other issuers, as far as tokens have told of it. */
import type { ForeignSessionFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { foreignSession } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { refuseParameter } from './problem.ts'
import { UNKNOWN_ISSUER } from './foreign.ts'
import { wireForeignSession } from './wire.ts'

/** `GET /foreign-sessions`: by issuer and subject. They end by `POST /revocations`. */
export function foreignSessionRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/foreign-sessions',
      id: 'listForeignSessions',
      tag: 'Sessions',
      summary: 'Logins at other issuers, by issuer and subject',
      description:
        'Those of which a token was accepted, by a guard or here: what is not in the list can be ended ' +
        'all the same. `POST /revocations` ends them, with `issuer` and scope session, subject or client.',
      filters: {
        issuer: filter('Only at this one, by its name here or its `iss`'),
        subject: filter('Only of this subject there'),
        session: filter('Only this session there'),
        client: filter('Only of this client there'),
      },
      item: foreignSession,
    },
    async ({ issuer, ...others }: ForeignSessionFilter, page) => {
      const found = issuer === undefined ? undefined : core.findIssuer(issuer)
      if (issuer !== undefined && found === undefined) {
        return refuseParameter('issuer', UNKNOWN_ISSUER)
      }
      const wanted = { ...others, ...(found === undefined ? {} : { issuer: found.issuer }) }
      return renderPage(await core.listForeignSessions(wanted, page), wireForeignSession)
    },
  )
}
