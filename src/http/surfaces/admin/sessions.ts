/** `/sessions`: who is logged in, and ending one login. */
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SessionFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { ROWS_LOOKED_AT } from '../../../ports/session-search.ts'
import type { SessionFilter as StoredFilter } from '../../../ports/store.ts'
import type { Members } from '../../../settings/schema.ts'
import { flag, optional, strict } from '../../schema.ts'
import { ended, session, sessionCount } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter, moment, preferring } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { namedIn, wireRevoked, wireSession } from './wire.ts'

const tag = 'Sessions'

export function sessionRoutes(context: AdminContext): readonly Route[] {
  return [listRoute(context), countRoute(context), oneRoute(context), endRoute(context)]
}

/** `GET /sessions`: newest first. */
function listRoute({ core, clock, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/sessions',
      id: 'listSessions',
      tag,
      summary: 'Sessions, newest first',
      filters,
      item: session,
    },
    async (wanted, page) => {
      const found = await core.sessions.list(storedFilter(wanted, clock.nowMs()), page)
      const names = await core.findNames(namedIn(found.items))
      return renderPage(found, (one) => wireSession(one, names))
    },
  )
}

const filters: Members<SessionFilter> = {
  subject: filter('Only of this subject id'),
  client: filter('Only that this client id is in, or was'),
  device: filter('Only of this device key'),
  dialect: filter('Only with a client of this dialect'),
  address: filter('Only opened or joined from this address'),
  openedFrom: optional(moment('Only opened or joined then or later, RFC 3339')),
  openedUntil: optional(moment('Only opened or joined then or earlier, RFC 3339')),
  live: optional(
    flag({
      description:
        '`true`: only sessions that have not ended; with other filters, for the client that they find',
    }),
  ),
}

function storedFilter(
  { subject, client, device, dialect, address, openedFrom, openedUntil, live }: SessionFilter,
  nowMs: number,
): StoredFilter {
  return {
    ...defined({ subjectId: subject, clientId: client, deviceKey: device, dialect, address }),
    ...(openedFrom === undefined ? {} : { openedFromMs: Date.parse(openedFrom) }),
    ...(openedUntil === undefined ? {} : { openedUntilMs: Date.parse(openedUntil) }),
    ...(live === true ? { liveAtMs: nowMs } : {}),
  }
}

/** Where counting stops: what a person does with the number is the same for all that are larger. */
const MAX_COUNT = 10_000

/** `GET /sessions/count`: how many a search finds. */
function countRoute({ core, clock, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/sessions/count',
      id: 'countSessions',
      role: 'viewer',
      tag,
      summary: `How many sessions a search finds, up to ${MAX_COUNT.toLocaleString('en')}`,
      query: strict<SessionFilter>(filters as never),
      responses: { 200: { description: 'The count', schema: sessionCount } },
    },
    async (call) => {
      const wanted = storedFilter(call.query(), clock.nowMs())
      const { count, isExact } = await core.sessions.count(wanted, {
        atMost: MAX_COUNT,
        lookAt: ROWS_LOOKED_AT,
      })
      return call.json(200, { count, exact: isExact })
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
      if (status === undefined) return refuse({ kind: 'not_found' })
      return call.json(200, wireSession(status, await core.findNames(namedIn([status]))))
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
