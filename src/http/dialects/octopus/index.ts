/**
 * Octopus: the client API of Octopus Cards. A client logs in with its API key and secret,
 * refreshes, and logs out; a logout ends every access and refresh token of the client by raising
 * one generation.
 *
 * This folder owns the wire form (parse, render), the order of the checks (act) and the rolling
 * limits. What a token is, what makes it dead and how an end is stored belong to the core.
 */
import type { Given } from '../../../settings/schema.ts'
import type { DialectContext } from '../../context.ts'
import type { Answer, Dialect, DialectRequest } from '../../dialect.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { listWallets, login, logout, refresh, type OctopusService } from './act.ts'
import {
  loginOperation,
  logoutOperation,
  refreshOperation,
  walletsOperation,
} from './operations.ts'
import { readBearer, readLogin, readRefresh } from './parse.ts'
import { demo } from './demo.ts'
import { octopusSchema, limitsOf, octopusOptions, type OctopusOptions } from './options.ts'
import { createQuota } from './quota.ts'
import { renderFailure, renderLogout, renderTokens, renderWallets } from './render.ts'

export type { OctopusOptions } from './options.ts'

/** Paths under `/api/v1` belong to other dialects, this one excepted. */
const WALLETS = '/api/v1/wallets'

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
  context: DialectContext,
  options: Given<OctopusOptions> = {},
): Dialect {
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

  async function handleLogin(request: DialectRequest): Promise<Answer> {
    return renderTokens(await login(service, readLogin(request), request.clientAddress))
  }

  async function handleRefresh(request: DialectRequest): Promise<Answer> {
    return renderTokens(await refresh(service, readRefresh(request), request.clientAddress))
  }

  async function handleLogout(request: DialectRequest): Promise<Answer> {
    const { clientAddress, waitForConfirmation } = request
    return renderLogout(
      await logout(service, readBearer(request), clientAddress, waitForConfirmation),
    )
  }

  async function handleWallets(request: DialectRequest): Promise<Answer> {
    return renderWallets(await listWallets(service, readBearer(request), request.clientAddress))
  }

  return {
    routes: [
      { method: 'POST', path: '/auth/login', operation: loginOperation, handle: handleLogin },
      { method: 'POST', path: '/auth/refresh', operation: refreshOperation, handle: handleRefresh },
      { method: 'POST', path: '/auth/logout', operation: logoutOperation, handle: handleLogout },
      {
        method: 'GET',
        path: WALLETS,
        operation: walletsOperation,
        alsoHead: true,
        handle: handleWallets,
      },
    ],
    owns: (path) =>
      path === '/auth' ||
      path.startsWith('/auth/') ||
      path === WALLETS ||
      path.startsWith(`${WALLETS}/`),
    renderFailure,
    headers: (request) => ({ 'x-request-id': request.requestId }),
  }
}
