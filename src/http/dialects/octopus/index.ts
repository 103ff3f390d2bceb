/**
 * Octopus: the client API of Octopus Cards. A client logs in with its API key and secret,
 * refreshes, and logs out; a logout ends every access and refresh token of the client by raising
 * one generation.
 *
 * This folder owns the wire form (wire, parse, render), its calls (routes), the order of the checks
 * (act) and the rolling limits. What a token is, what makes it dead and how an end is stored belong
 * to the core.
 */
import type { Given } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Surface } from '../../surface.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import type { OctopusService } from './act.ts'
import { demo } from './demo.ts'
import { octopusSchema, limitsOf, octopusOptions, type OctopusOptions } from './options.ts'
import { createQuota } from './quota.ts'
import { renderFailure } from './render.ts'
import { octopusRoutes, WALLETS } from './routes.ts'

export type { OctopusOptions } from './options.ts'

export const octopus: DialectModule<OctopusOptions> = defineDialect({
  name: 'octopus',
  title: 'Octopus',
  options: octopusSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createOctopus,
})

/**
 * Makes the dialect.
 *
 * @param context The core and the installation.
 * @param options Each option's default where it is not given.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createOctopus(
  context: SurfaceContext,
  options: Given<OctopusOptions> = {},
): Surface {
  const settings = octopusOptions(options)
  const limits = limitsOf(settings.limits)
  const quota = (points: number) =>
    createQuota({ points: points * context.rateLimitFactor, clock: context.clock })
  const service: OctopusService = {
    core: context.core,
    settings,
    loginQuota: quota(limits.login),
    failedLoginQuota: quota(limits.login),
    refreshQuota: quota(limits.refresh),
    readQuota: quota(limits.get),
  }

  return {
    routes: octopusRoutes(service),
    owns: (path) =>
      path === '/auth' ||
      path.startsWith('/auth/') ||
      path === WALLETS ||
      path.startsWith(`${WALLETS}/`),
    renderFailure,
    headers: (request) => ({ 'x-request-id': request.requestId }),
  }
}
