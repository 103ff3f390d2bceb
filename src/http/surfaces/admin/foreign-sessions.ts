/** `/foreign-sessions`: who is logged in at other issuers, as far as tokens have told of it. */
import type { DialectContext } from '../../context.ts'
import { readQuery, refuseParameter } from './fields.ts'
import { pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { foreignSessionSchema, pageOf } from './schemas.ts'
import { wireForeignSession } from './wire.ts'

/** `GET /foreign-sessions`: by issuer and subject. They end by `POST /revocations`. */
export function foreignSessionRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/foreign-sessions',
    operation: {
      id: 'listForeignSessions',
      tag: 'Sessions',
      summary: 'Logins at other issuers, by issuer and subject',
      description:
        'Those of which a token was accepted, by a guard or here: what is not in the list can be ended ' +
        'all the same. `POST /revocations` ends them, with `issuer` and scope session, subject or client.',
      query: {
        ...pageQuery,
        issuer: 'Only at this one, by its name here or its `iss`',
        subject: 'Only of this subject there',
        session: 'Only this session there',
        client: 'Only of this client there',
      },
      answers: { 200: { description: 'A page', schema: pageOf(foreignSessionSchema) } },
    },
    async act(request) {
      const names = ['issuer', 'subject', 'session', 'client'] as const
      const { issuer, ...query } = readQuery(request, [...pageParameters, ...names])
      const { subject, session, client } = query
      const found = issuer === undefined ? undefined : core.findIssuer(issuer)
      if (issuer !== undefined && found === undefined) {
        return refuseParameter('issuer', 'is no issuer that is configured here')
      }
      const filter = {
        ...(found === undefined ? {} : { issuer: found.issuer }),
        ...(subject === undefined ? {} : { subject }),
        ...(session === undefined ? {} : { session }),
        ...(client === undefined ? {} : { client }),
      }
      const page = await core.listForeignSessions(filter, readPage(query))
      return json(200, renderPage(page, wireForeignSession))
    },
  }
}
