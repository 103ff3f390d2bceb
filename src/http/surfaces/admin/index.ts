/**
 * The admin API, `/outright/v1`: what an operator does by hand or by script, the console and the
 * command line with them. It owns the wire form of the installation's own resources and nothing
 * else: every change ends in a verb of the core or an operation of the store. It is a dialect like
 * the others, with problem details (RFC 9457) for errors and one bearer token for authentication.
 */
import { Refusal } from '../../../domain/failure.ts'
import { ADMIN_PREFIX } from '../../../protocol/admin-api.ts'
import type { Log } from '../../../ports/log.ts'
import type { Answer, Dialect, DialectRequest, Route } from '../../dialect.ts'
import { problemAnswer } from '../../problem.ts'
import { auditRoutes } from './audit.ts'
import { createAuthentication } from './authenticate.ts'
import { clientRoutes } from './clients.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { guardRoutes } from './guards.ts'
import { Problem, renderProblem } from './problem.ts'
import { revocationRoutes } from './revocations.ts'
import { writeOperation, type AdminRoute } from './route.ts'
import { problemSchema } from './schemas.ts'
import type { AdminContext, AdminOptions } from './services.ts'
import { sessionRoutes } from './sessions.ts'
import { subjectRoutes } from './subjects.ts'
import { systemRoutes } from './system.ts'
import type { DialectContext } from '../../context.ts'

export type { AdminOptions, Download } from './services.ts'

/** Makes the admin API. */
export function createAdmin(context: DialectContext, options: AdminOptions): Dialect {
  const admin: AdminContext = { ...context, options }
  const { log } = context.core.dependencies
  const authenticate = createAuthentication(
    options.adminToken,
    options.operator,
    context.rateLimitFactor,
  )
  const routes: readonly AdminRoute[] = [
    ...revocationRoutes(admin),
    ...sessionRoutes(admin),
    ...subjectRoutes(admin),
    ...clientRoutes(admin),
    ...guardRoutes(admin),
    ...deliveryRoutes(admin),
    ...systemRoutes(admin),
    ...auditRoutes(admin),
    ...eventRoutes(admin),
  ]
  return {
    name: 'admin',
    routes: [...routes.map((route) => mount(route, authenticate, log)), ...(options.routes ?? [])],
    owns: (path) => path === ADMIN_PREFIX || path.startsWith(`${ADMIN_PREFIX}/`),
    renderFailure: problemAnswer,
  }
}

/** Puts the authentication before a route, before anything of the request is read. */
function mount(
  route: AdminRoute,
  authenticate: (request: DialectRequest) => Promise<string>,
  log: Log,
): Route {
  return {
    method: route.method,
    path: ADMIN_PREFIX + route.path,
    operation: writeOperation(route.operation, problemSchema),
    // What is no JSON streams: it never ends, or is long to make.
    ...(route.method === 'GET' && route.operation.answers[200]?.type === undefined
      ? { alsoHead: true }
      : {}),
    async handle(request): Promise<Answer> {
      const actor = await authenticate(request)
      try {
        const answer = await route.act(request, actor)
        if (route.method !== 'GET') {
          // Who changed what. Bodies are left out: they may hold passwords.
          const { params, requestId } = request
          const { method, path } = route
          log.info(
            { requestId, actor, method, path, params, status: answer.status },
            'admin change',
          )
        }
        return answer
      } catch (error) {
        if (error instanceof Problem) return renderProblem(error)
        const parameter = wrongParameter(error)
        if (parameter !== undefined) return renderProblem(parameter)
        throw error
      }
    },
  }
}

/**
 * What the store finds wrong with a parameter, a cursor above all, in the form of all such
 * complaints.
 */
function wrongParameter(error: unknown): Problem | undefined {
  if (!(error instanceof Refusal) || error.failure.kind !== 'invalid_parameter') return undefined
  const { parameter, reason } = error.failure
  return new Problem('validation-failed', `${parameter}: ${reason}`, [
    { parameter, detail: reason },
  ])
}
