/** `/sessions`: who is logged in, and ending one login. */
import { refuse } from '../../../domain/failure.ts'
import type { SessionFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../dialect.ts'
import { flag, optional } from '../../schema.ts'
import { ended, pageOf, session } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter, listQuery, preferring } from './inputs.ts'
import { pageRequest, renderPage } from './page.ts'
import { wireRevoked, wireSession } from './wire.ts'

const tag = 'Sessions'

export function sessionRoutes(context: AdminContext): readonly Route[] {
  return [listRoute(context), oneRoute(context), endRoute(context)]
}

/** `GET /sessions`: newest first. */
function listRoute({ core, clock, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/sessions',
      id: 'listSessions',
      tag,
      role: 'viewer',
      summary: 'Sessions, newest first',
      query: listQuery<SessionFilter>({
        subject: filter('Only of this subject id'),
        client: filter('Only that this client id is in, or was'),
        device: filter('Only of this device key'),
        dialect: filter('Only with a client of this dialect'),
        live: optional(
          flag({
            description:
              '`true`: only sessions that have not ended, with `client` or `dialect` for that client',
          }),
        ),
      }),
      responses: { 200: pageOf(session) },
    },
    async (call) => {
      const { subject, client, device, dialect, live = false, ...page } = call.query()
      const wanted = {
        ...(subject === undefined ? {} : { subjectId: subject }),
        ...(client === undefined ? {} : { clientId: client }),
        ...(device === undefined ? {} : { deviceKey: device }),
        ...(dialect === undefined ? {} : { dialect }),
        ...(live ? { liveAtMs: clock.nowMs() } : {}),
      }
      const found = await core.sessions.list(wanted, pageRequest(page))
      return call.json(200, renderPage(found, wireSession))
    },
  )
}

/** `GET /sessions/{sid}`. */
function oneRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/sessions/:sid',
      id: 'getSession',
      tag,
      role: 'viewer',
      summary: 'One session',
      responses: { 200: { description: 'The session', schema: session } },
    },
    async (call) => {
      const status = await core.sessions.status(call.param('sid'))
      return status === undefined
        ? refuse({ kind: 'not_found' })
        : call.json(200, wireSession(status))
    },
  )
}

/** `DELETE /sessions/{sid}`: the same revocation as `POST /revocations` with scope session. */
function endRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'DELETE',
      path: '/sessions/:sid',
      id: 'endSession',
      tag,
      role: 'operator',
      summary: 'End one session',
      headers: preferring,
      responses: ended,
    },
    async (call, { actor }) => {
      const { waitForConfirmation: wait } = call.request
      const found = await core.sessions.find(call.param('sid'))
      if (found === undefined) return refuse({ kind: 'not_found' })
      const reason = 'revoked_by_operator'
      const revoked = await core.revoke({ scope: 'session', key: found.sid, reason, actor, wait })
      return call.json(wait ? 200 : 202, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  )
}
