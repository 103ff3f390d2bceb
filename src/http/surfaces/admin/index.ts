/**
 * The admin API, `/outright/v1`: what an operator does by hand or by script, the console and the
 * command line with them. It owns the wire form of the installation's own resources and nothing
 * else: every change ends in a verb of the core. It answers with problem details (RFC 9457) for
 * errors, takes the admin token or the cookie of an operator, and names the role of each route.
 */
import { ADMIN_PREFIX } from '../../../protocol/admin-api.ts'
import { group, optional, text, type Group } from '../../../settings/schema.ts'
import type { Surface } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { auditRoutes } from './audit.ts'
import { createAuthentication } from './authenticate.ts'
import { backupRoutes } from './backup.ts'
import { canaryRoutes } from './canary.ts'
import { clientRoutes } from './clients.ts'
import { adminRoutesWith } from './declare.ts'
import { deliveryRoutes } from './deliveries.ts'
import { eventRoutes } from './events.ts'
import { foreignSessionRoute } from './foreign-sessions.ts'
import { guardRoutes } from './guards.ts'
import { identityProviderRoute } from './identity-providers.ts'
import { operatorRoutes } from './operators.ts'
import { receiverRoute } from './receivers.ts'
import { revocationRoutes } from './revocations.ts'
import { sessionRoutes } from './sessions.ts'
import { statisticsRoute } from './statistics.ts'
import { subjectRoutes } from './subjects.ts'
import { systemRoutes } from './system.ts'
import type { SurfaceContext } from '../../context.ts'

/** The admin token of the demo. */
export const DEMO_ADMIN_TOKEN = 'outright-demo-admin'

export interface AdminSettings {
  readonly adminToken?: string
}

const adminSettings: Group<AdminSettings> = group<AdminSettings>({
  adminToken: optional(
    text({
      description:
        'bearer token of the admin API for machines, at least 24 characters; without it only operators who have signed in get in',
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

function createAdmin(context: SurfaceContext, { adminToken }: AdminSettings): Surface {
  const authenticate = createAuthentication(adminToken, context)
  const admin = { ...context, route: adminRoutesWith(authenticate, context) }
  return {
    routes: [
      ...revocationRoutes(admin),
      ...sessionRoutes(admin),
      foreignSessionRoute(admin),
      identityProviderRoute(admin),
      ...subjectRoutes(admin),
      ...clientRoutes(admin),
      ...guardRoutes(admin),
      ...operatorRoutes(admin),
      ...deliveryRoutes(admin),
      receiverRoute(admin),
      ...canaryRoutes(admin),
      statisticsRoute(admin),
      ...systemRoutes(admin),
      ...backupRoutes(admin),
      ...auditRoutes(admin),
      ...eventRoutes(admin),
    ],
    owns: (path) => path === ADMIN_PREFIX || path.startsWith(`${ADMIN_PREFIX}/`),
    renderFailure: problemAnswer,
  }
}
