/** DirectLink's calls: what each takes and gives, and what it does. */
import { refuse } from '../../../domain/failure.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import type { Problems } from '../../input.ts'
import type { DirectLinkActs } from './act.ts'
import type { DirectLinkOptions } from './options.ts'
import { readBasic, readCredentials, requireMediaType } from './parse.ts'
import { tokenPath, type DirectLinkRender } from './render.ts'
import {
  downloads,
  errors,
  granted,
  listQuery,
  loggedIn,
  loggedOut,
  passwordGrant,
  tokenErrors,
} from './wire.ts'

export const BASE_PATH = '/directlink/v1'

export interface DirectLinkService {
  readonly acts: DirectLinkActs
  readonly render: DirectLinkRender
  readonly settings: DirectLinkOptions
}

/** The page has one answer for bad parameters: 400, whatever is wrong with which of them. */
function refuseFields([{ at, kind }]: Problems): never {
  return refuse({ kind: 'invalid_parameter', parameter: at.join('.'), reason: kind })
}

const route = routesWith({ refuse: refuseFields, areParametersLenient: true })
/** Documented as POST, used as GET as well. */
const methods = ['POST', 'GET'] as const

export function directLinkRoutes(service: DirectLinkService): readonly Route[] {
  return [
    tokenRoute(service),
    ...methods.map((method) => loginRoute(service, method)),
    ...methods.map((method) => logoutRoute(service, method)),
    downloadListRoute(service),
  ]
}

function tokenRoute({ acts, render, settings }: DirectLinkService): Route {
  return route(
    {
      method: 'POST',
      path: BASE_PATH + tokenPath,
      summary: 'Get a bearer for a user name and a password',
      description:
        'Password grant in a form. Errors have a shape of their own, with a numeric `error`.',
      body: passwordGrant,
      bodyType: 'form',
      bodyExample: { grant_type: 'password', username: 'maria', password: 'maria-demo' },
      responses: { 200: granted, ...tokenErrors },
    },
    async (call) => {
      const { request } = call
      if (settings.strictContentType) requireMediaType(request, 'application/x-www-form-urlencoded')
      return render.token(await acts.login(call.body(), request))
    },
  )
}

function loginRoute(
  { acts, render, settings }: DirectLinkService,
  method: (typeof methods)[number],
): Route {
  return route(
    {
      method,
      path: `${BASE_PATH}/auth/login`,
      summary: 'Log in',
      description:
        'Opens a session; `bearer` is its token. Documented as POST, used as GET as well.',
      security: [{ basic: [] }],
      responses: { 200: loggedIn, ...errors },
    },
    async ({ request }) => {
      if (settings.strictContentType) requireMediaType(request, 'application/json')
      return render.login(await acts.login(readBasic(request), request))
    },
  )
}

function logoutRoute(
  { acts, render, settings }: DirectLinkService,
  method: (typeof methods)[number],
): Route {
  return route(
    {
      method,
      path: `${BASE_PATH}/auth/logout`,
      summary: 'Log out',
      description:
        'With a bearer, ends its session. With user and password, ends every session of that user; ' +
        'the body then has `urllink` before `time`. Documented as POST, used as GET as well.',
      security: [{ bearer: [] }, { basic: [] }],
      responses: { 200: loggedOut, ...errors },
    },
    async ({ request }) => {
      if (settings.strictContentType) requireMediaType(request, 'application/json')
      const authorization = readCredentials(request)
      const receipt = await acts.logout(authorization, request)
      return render.logout(authorization.scheme, receipt)
    },
  )
}

function downloadListRoute({ acts, render }: DirectLinkService): Route {
  return route(
    {
      method: 'GET',
      path: `${BASE_PATH}/download/list`,
      alsoHead: true,
      summary: 'List downloads',
      description:
        'No files are kept here: the list is empty, and tells whether the credentials are good.',
      security: [{ bearer: [] }, { basic: [] }],
      query: listQuery,
      responses: { 200: downloads, ...errors },
    },
    async (call) => {
      // The caller is authenticated first: a stranger learns nothing about parameters.
      const username = await acts.identify(readCredentials(call.request), call.request)
      call.query()
      return render.downloadList(username)
    },
  )
}
