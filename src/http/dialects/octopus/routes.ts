/** Octopus's calls: what each takes and gives, and what it does. */
import { refuse } from '../../../domain/failure.ts'
import { cameFrom } from '../../came-from.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import type { Problems } from '../../input.ts'
import { anything, listOf } from '../../schema.ts'
import { listWallets, login, logout, refresh, type OctopusService } from './act.ts'
import { readBearer } from './parse.ts'
import { tokensOf } from './render.ts'
import {
  commonErrors,
  loginBody,
  messageBody,
  protectedErrors,
  refreshBody,
  tokensBody,
  tokensExample,
  unauthorized,
  validation,
} from './wire.ts'

/** Paths under `/api/v1` belong to other dialects, this one excepted. */
export const WALLETS = '/api/v1/wallets'

/** The API has one answer for whatever is wrong with a field, by the call that it belongs to. */
function refuseFields([{ at }]: Problems): never {
  return refuse({ kind: 'missing_parameter', parameter: at.join('.') })
}

const route = routesWith({ refuse: refuseFields })
const bearer = [{ bearer: [] }]

export function octopusRoutes(service: OctopusService): readonly Route[] {
  return [loginRoute(service), refreshRoute(service), logoutRoute(service), walletsRoute(service)]
}

function loginRoute(service: OctopusService): Route {
  return route(
    {
      method: 'POST',
      path: '/auth/login',
      summary: 'Log in with an API key and its secret',
      description:
        'Opens a session. The access token lives for one hour, the refresh token seven days.',
      body: loginBody,
      bodyExample: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
      responses: {
        200: { description: 'The session is open', schema: tokensBody, example: tokensExample },
        400: validation('Username and password are required'),
        401: unauthorized('Invalid credentials'),
        ...commonErrors,
      },
    },
    async (call) =>
      call.json(200, tokensOf(await login(service, call.body(), cameFrom(call.request)))),
  )
}

function refreshRoute(service: OctopusService): Route {
  return route(
    {
      method: 'POST',
      path: '/auth/refresh',
      summary: 'Exchange a refresh token for a new pair',
      description: 'The refresh token is used up at once; presenting it again is refused.',
      body: refreshBody,
      bodyExample: { refresh_token: 'AZqDV0r2c3Sx…' },
      responses: {
        200: { description: 'The new pair', schema: tokensBody, example: tokensExample },
        400: validation('Refresh token is required'),
        401: unauthorized('Invalid token', 'Token expired'),
        ...commonErrors,
      },
    },
    async (call) => {
      const { refresh_token: token } = call.body()
      return call.json(200, tokensOf(await refresh(service, token, call.request.clientAddress)))
    },
  )
}

function logoutRoute(service: OctopusService): Route {
  const loggedOut = { success: true, data: { message: 'Successfully logged out' } } as const
  return route(
    {
      method: 'POST',
      path: '/auth/logout',
      summary: 'Log out: end every token of the client',
      description:
        'Ends all access and refresh tokens of the client, not just the one presented, before it ' +
        'answers. `Prefer: respond-async` answers as soon as the logout is stored.',
      security: bearer,
      responses: {
        200: { description: 'Logged out', schema: messageBody, example: loggedOut },
        ...protectedErrors,
      },
    },
    async (call) => {
      const { clientAddress, waitForConfirmation } = call.request
      const token = readBearer(call.request)
      const receipt = await logout(service, token, clientAddress, waitForConfirmation)
      return call.json(200, loggedOut, { receipt })
    },
  )
}

function walletsRoute(service: OctopusService): Route {
  return route(
    {
      method: 'GET',
      path: WALLETS,
      alsoHead: true,
      summary: 'A protected resource: is the token alive?',
      description: 'The wallets of the client. This server keeps none, so the list is empty.',
      security: bearer,
      responses: {
        // Outside `/auth` bodies are raw, without the wrapper.
        200: { description: 'The wallets', schema: listOf(anything), example: [] },
        ...protectedErrors,
      },
    },
    async (call) => {
      const token = readBearer(call.request)
      return call.json(200, await listWallets(service, token, call.request.clientAddress))
    },
  )
}
