/** `/sessions`: who is logged in, and ending one login. */
import { refuse } from '../../../domain/failure.ts'
import { readQuery, refuseParameter } from './fields.ts'
import { pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { pageOf, revokedSchema, sessionSchema } from './schemas.ts'
import type { DialectContext } from '../../context.ts'
import { wireRevoked, wireSession } from './wire.ts'

export function sessionRoutes(context: DialectContext): readonly AdminRoute[] {
  return [listRoute(context), oneRoute(context), endRoute(context)]
}

/** `GET /sessions`: newest first. */
function listRoute({ core, clock }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/sessions',
    operation: {
      id: 'listSessions',
      tag: 'Sessions',
      summary: 'Sessions, newest first',
      query: {
        ...pageQuery,
        subject: 'Only of this subject id',
        client: 'Only that this client id is in, or was',
        device: 'Only of this device key',
        dialect: 'Only with a client of this dialect',
        live: '`true`: only sessions that have not ended, with `client` or `dialect` for that client',
      },
      answers: { 200: { description: 'A page', schema: pageOf(sessionSchema) } },
    },
    async act(request) {
      const names = ['subject', 'client', 'device', 'dialect', 'live'] as const
      const query = readQuery(request, [...pageParameters, ...names])
      const { subject, client, device, dialect, live } = query
      if (live !== undefined && live !== 'true' && live !== 'false') {
        return refuseParameter('live', 'must be true or false')
      }
      const nowMs = clock.nowMs()
      const filter = {
        ...(subject === undefined ? {} : { subjectId: subject }),
        ...(client === undefined ? {} : { clientId: client }),
        ...(device === undefined ? {} : { deviceKey: device }),
        ...(dialect === undefined ? {} : { dialect }),
        ...(live === 'true' ? { liveAtMs: nowMs } : {}),
      }
      const page = await core.sessions.list(filter, readPage(query))
      return json(200, renderPage(page, wireSession))
    },
  }
}

/** `GET /sessions/{sid}`. */
function oneRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/sessions/:sid',
    operation: {
      id: 'getSession',
      tag: 'Sessions',
      summary: 'One session',
      answers: { 200: { description: 'The session', schema: sessionSchema } },
    },
    async act(request) {
      readQuery(request, [])
      const sid = request.params['sid'] ?? ''
      const status = await core.sessions.status(sid)
      return status === undefined ? refuse({ kind: 'not_found' }) : json(200, wireSession(status))
    },
  }
}

/** `DELETE /sessions/{sid}`: the same revocation as `POST /revocations` with scope session. */
function endRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'DELETE',
    path: '/sessions/:sid',
    operation: {
      id: 'endSession',
      tag: 'Sessions',
      summary: 'End one session',
      answers: {
        200: { description: 'It has ended, everywhere', schema: revokedSchema },
        202: { description: 'It is stored; the verifiers are being told', schema: revokedSchema },
      },
    },
    async act(request, actor) {
      readQuery(request, [])
      const session = await core.sessions.find(request.params['sid'] ?? '')
      if (session === undefined) return refuse({ kind: 'not_found' })
      const revoked = await core.revoke({
        scope: 'session',
        key: session.sid,
        reason: 'revoked_by_operator',
        actor,
        wait: request.waitForConfirmation,
      })
      const status = request.waitForConfirmation ? 200 : 202
      return json(status, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  }
}
