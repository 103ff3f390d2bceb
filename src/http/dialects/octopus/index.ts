/**
 * Octopus: the client API of Octopus Cards. A client logs in with its API key and secret,
 * refreshes, and logs out; a logout ends every access and refresh token of the client by raising
 * one generation.
 *
 * This folder owns the wire form (parse, render), the order of the checks (act) and the rolling
 * quotas. What a token is, what makes it dead and how an end is stored belong to the core.
 */
import type { DialectContext } from '../../context.ts'
import type { Answer, Dialect, DialectRequest } from '../../dialect.ts'
import { listWallets, login, logout, refresh, type OctopusService } from './act.ts'
import {
  loginOperation,
  logoutOperation,
  refreshOperation,
  walletsOperation,
} from './operations.ts'
import { readBearer, readLogin, readRefresh } from './parse.ts'
import { createQuota, quotasOf, type OctopusLimits } from './quota.ts'
import { renderFailure, renderLogout, renderTokens, renderWallets } from './render.ts'

export type { OctopusLimits } from './quota.ts'

/** What an installation may choose. Lives are in milliseconds. */
export interface OctopusOptions {
  /** Life of an access token; default 1 hour, as documented. */
  readonly accessLifetimeMs: number
  /** Life of a refresh token; default 7 days, as documented. Each refresh starts it anew. */
  readonly refreshLifetimeMs: number
  /** Longest life of a login however often it is refreshed; default 90 days. */
  readonly sessionLifetimeMs: number
  /** How long a used refresh token is refused without being called theft; default 10 seconds. */
  readonly graceMs: number
  /**
   * What a used refresh token gets within the grace: `refuse` (default) the documented 401,
   * `same-answer` the same new pair again. After the grace its reuse ends the session.
   */
  readonly onReplay: 'refuse' | 'same-answer'
  /** Calls a minute: `production` (default), `sandbox`, or numbers of one's own. */
  readonly limits: 'production' | 'sandbox' | OctopusLimits
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const defaults: OctopusOptions = {
  accessLifetimeMs: HOUR_MS,
  refreshLifetimeMs: 7 * DAY_MS,
  sessionLifetimeMs: 90 * DAY_MS,
  graceMs: 10_000,
  onReplay: 'refuse',
  limits: 'production',
}

/** Paths under `/api/v1` belong to other dialects, this one excepted. */
const WALLETS = '/api/v1/wallets'

/**
 * Makes the dialect.
 *
 * @param context The core and the installation.
 * @param options Each option's default where it is not given.
 */
export function createOctopus(
  context: DialectContext,
  options: Partial<OctopusOptions> = {},
): Dialect {
  const settings = { ...defaults, ...options }
  const quotas = quotasOf(settings.limits)
  const quota = (points: number) =>
    createQuota({ points: points * context.rateLimitFactor, clock: context.clock })
  const service: OctopusService = {
    core: context.core,
    settings,
    loginQuota: quota(quotas.login),
    failedLoginQuota: quota(quotas.login),
    refreshQuota: quota(quotas.refresh),
    readQuota: quota(quotas.get),
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
    name: 'octopus',
    routes: [
      { method: 'POST', path: '/auth/login', operation: loginOperation, handle: handleLogin },
      { method: 'POST', path: '/auth/refresh', operation: refreshOperation, handle: handleRefresh },
      { method: 'POST', path: '/auth/logout', operation: logoutOperation, handle: handleLogout },
      { method: 'GET', path: WALLETS, operation: walletsOperation, handle: handleWallets },
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
