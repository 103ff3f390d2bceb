/**
 * The admin API, `/outright/v1`: what an operator does by hand or by script, the console and the
 * command line with them. It owns the wire form of the installation's own resources and nothing
 * else: every change ends in a verb of the core. It answers with problem details (RFC 9457) for
 * errors and one bearer token for authentication.
 */
import { Refusal } from '../../../domain/failure.ts'
import { ADMIN_PREFIX } from '../../../protocol/admin-api.ts'
import type { Log } from '../../../ports/log.ts'
import { group, optional, text, type Group } from '../../../settings/schema.ts'
import type { Answer, Dialect, DialectRequest, Route } from '../../dialect.ts'
import { problemAnswer } from '../../problem.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { auditRoutes } from './audit.ts'
import { createAuthentication } from './authenticate.ts'
import { backupRoutes } from './backup.ts'
import { clientRoutes } from './clients.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { foreignSessionRoute } from './foreign-sessions.ts'
import { guardRoutes } from './guards.ts'
import { Problem, renderProblem } from './problem.ts'
import { revocationRoutes } from './revocations.ts'
import { writeOperation, type AdminRoute } from './route.ts'
import { problemSchema } from './schemas.ts'
import { sessionRoutes } from './sessions.ts'
import { subjectRoutes } from './subjects.ts'
import { systemRoutes } from './system.ts'
import type { DialectContext } from '../../context.ts'

/** The admin token of the demo. */
export const DEMO_ADMIN_TOKEN = 'outright-demo-admin'

export interface AdminSettings {
  readonly adminToken?: string
}

const adminSettings: Group<AdminSettings> = group<AdminSettings>({
  adminToken: optional(
    text({
      description:
        'bearer token of the admin API, at least 24 characters; without it the API refuses everybody',
      demoDefault: DEMO_ADMIN_TOKEN,
      defaultText: '–',
      variable: 'OUTRIGHT_ADMIN_TOKEN',
      secret: true,
      pattern: String.raw`^[\x21-\x7E]{1,4096}$`,
      allowed: 'one word of visible ASCII characters',
    }),
  ),
})

export const admin: OwnModule<AdminSettings> = defineOwn({
  name: 'admin',
  title: 'Admin',
  options: adminSettings,
  claimsRest: true,
  demo: { shown: { who: 'bearer token', secret: DEMO_ADMIN_TOKEN } },
  create: createAdmin,
})

function createAdmin(context: DialectContext, { adminToken }: AdminSettings): Dialect {
  const { log } = context
  const authenticate = createAuthentication(adminToken, context.rateLimitFactor)
  const routes: readonly AdminRoute[] = [
    ...revocationRoutes(context),
    ...sessionRoutes(context),
    foreignSessionRoute(context),
    ...subjectRoutes(context),
    ...clientRoutes(context),
    ...guardRoutes(context),
    ...deliveryRoutes(context),
    ...systemRoutes(context),
    ...backupRoutes(context),
    ...auditRoutes(context),
    ...eventRoutes(context),
  ]
  return {
    routes: routes.map((route) => mount(route, authenticate, log)),
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
