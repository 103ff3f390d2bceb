/**
 * DirectLink: the wire API of Riversoft's STCP DirectLink, a file transfer service. This folder
 * owns its logins, logouts and token call, and one protected list that shows whether a bearer is
 * good; it transfers no files. What is stated, found and inferred stands in
 * `docs/dialects/directlink.md`.
 */
import type { Given } from '../../../settings/schema.ts'
import type { DialectContext } from '../../context.ts'
import type { Answer, Dialect, DialectRequest, Route } from '../../dialect.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { createActs } from './act.ts'
import { createGoTime } from './go-time.ts'
import {
  downloadListOperation,
  loginOperation,
  logoutOperation,
  tokenOperation,
} from './operations.ts'
import { demo } from './demo.ts'
import { directLinkSchema, directLinkOptions, type DirectLinkOptions } from './options.ts'
import {
  readBasic,
  readCredentials,
  readPage,
  readPasswordGrant,
  requireMediaType,
} from './parse.ts'
import { createRender, tokenPath } from './render.ts'

export type { DirectLinkOptions } from './options.ts'

const BASE_PATH = '/directlink/v1'

export const directlink: DialectModule<DirectLinkOptions> = defineDialect({
  name: 'directlink',
  title: 'DirectLink',
  options: directLinkSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createDirectLink,
})

/**
 * Makes the dialect. Its `m=+…` times count from this moment.
 *
 * @param context What every dialect is made from.
 * @param options What differs from the defaults.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createDirectLink(
  context: DialectContext,
  options: Given<DirectLinkOptions> = {},
): Dialect {
  const settings = directLinkOptions(options)
  const baseUrl = `${context.issuer}${context.prefix}${BASE_PATH}`
  const acts = createActs(context, settings, baseUrl)
  const render = createRender(
    settings.apiver,
    baseUrl,
    createGoTime(context.clock, settings.timeZone),
  )

  const token = async (request: DialectRequest): Promise<Answer> => {
    if (settings.strictContentType) requireMediaType(request, 'application/x-www-form-urlencoded')
    return render.token(await acts.login(readPasswordGrant(request), request))
  }
  const login = async (request: DialectRequest): Promise<Answer> => {
    if (settings.strictContentType) requireMediaType(request, 'application/json')
    return render.login(await acts.login(readBasic(request), request))
  }
  const logout = async (request: DialectRequest): Promise<Answer> => {
    if (settings.strictContentType) requireMediaType(request, 'application/json')
    const authorization = readCredentials(request)
    const receipt = await acts.logout(authorization, request)
    return render.logout(authorization.scheme, receipt)
  }
  const downloadList = async (request: DialectRequest): Promise<Answer> => {
    // Who calls is settled first: a stranger learns nothing about parameters.
    const username = await acts.identify(readCredentials(request), request)
    readPage(request)
    return render.downloadList(username)
  }

  const routes: readonly Route[] = [
    { method: 'POST', path: tokenPath, operation: tokenOperation, handle: token },
    { method: 'POST', path: '/auth/login', operation: loginOperation, handle: login },
    { method: 'GET', path: '/auth/login', operation: loginOperation, handle: login },
    { method: 'POST', path: '/auth/logout', operation: logoutOperation, handle: logout },
    { method: 'GET', path: '/auth/logout', operation: logoutOperation, handle: logout },
    {
      method: 'GET',
      path: '/download/list',
      operation: downloadListOperation,
      alsoHead: true,
      handle: downloadList,
    },
  ]
  return {
    routes: routes.map((route) => ({ ...route, path: BASE_PATH + route.path })),
    owns: (path) => path === '/directlink' || path.startsWith('/directlink/'),
    renderFailure: (failure, request) => render.failure(failure, request),
  }
}
