import type { Session } from '../../../domain/session.ts'
import type { Call } from '../../declared-route.ts'
import type { Answer, Route } from '../../surface.ts'
import { fields, text } from '../../schema.ts'
import {
  findAuthentication,
  hasExpired,
  keptClaims,
  openAuthentication,
  viewerOf,
} from './authentication.ts'
import { findByCode } from './check-authentication.ts'
import {
  authenticationGone,
  authenticationNotFound,
  passRefuse,
  unknownIntegration,
} from './errors.ts'
import { providerOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { deviceRoutes } from './device-call.ts'
import { authenticationToken, codePath, error, format, mvpd, passRoute, requestor } from './wire.ts'

export function authenticationTokenRoutes(pass: Pass): readonly Route[] {
  return [...readRoutes(pass), ...exchangeRoutes(pass), readByCodeRoute(pass)]
}

/** `GET /api/v1/tokens/authn` [F]: 200 with the AuthN token, 410 where it expired, 404 otherwise. */
function readRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/tokens/authn',
      name: 'authn',
      alsoHead: true,
      summary: 'Read the AuthN token of a device',
      responses: {
        200: authenticationToken,
        404: error('There is none'),
        410: error('It has expired'),
      },
    },
    async ({ deviceKey }, call) => {
      const session = await findAuthentication(pass, deviceKey)
      if (session !== undefined) return tokenAnswer(pass, call, session)
      const gone = await hasExpired(pass, deviceKey)
      return passRefuse(gone ? authenticationGone : authenticationNotFound)
    },
  )
}

/** `GET /api/v1/authenticate/{code}` [C]: the same by registration code, as an add-on asks for it. */
function readByCodeRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'GET',
      path: '/api/v1/authenticate/:code',
      alsoHead: true,
      summary: 'Read the AuthN token that a registration code brought',
      params: codePath,
      query: fields({ requestor, format }),
      responses: { 200: authenticationToken, 404: error('There is none yet') },
    },
    async (call) => {
      const session = await findByCode(pass, call, call.param('code'))
      return tokenAnswer(pass, call, session ?? passRefuse(authenticationNotFound))
    },
  )
}

/**
 * `POST /api/v1/tokens/authn` with `SAMLResponse` [F]: a platform that logged its user in by itself
 * exchanges that for an AuthN token. 204, or 400 where the provider has no such agreement here.
 */
function exchangeRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'POST',
      path: '/api/v1/tokens/authn',
      name: 'authn',
      summary: 'Exchange a platform’s profile for an AuthN token',
      body: fields({
        mvpd,
        SAMLResponse: text(65_536, { description: 'The profile that the platform gave' }),
      }),
      bodyType: 'form',
      responses: {
        204: { description: 'The AuthN token is there' },
        400: error('No such agreement with that provider'),
      },
    },
    async ({ requestor, deviceKey, deviceType }, call) => {
      const provider = providerOf(pass, requestor, call.body('mvpd'))
      const response = call.body('SAMLResponse')
      const { verifyPlatformProfile: verify, authenticationLifetimeMs } = pass.options
      if (verify === undefined || provider.platform === undefined) {
        return passRefuse(unknownIntegration)
      }
      const profile = await verify(provider, response)
      if (profile === undefined) return passRefuse(unknownIntegration)
      await openAuthentication(pass, call.request, {
        requestor: requestor.id,
        deviceKey,
        mvpd: provider.id,
        userId: profile.userId,
        deviceType,
        metadata: profile.metadata ?? {},
        claims: keptClaims(provider, profile.claims ?? {}),
        lifetimeMs: authenticationLifetimeMs,
      })
      return call.empty(204)
    },
  )
}

type TokenCall = Pick<
  Call<undefined, undefined, { readonly 200: typeof authenticationToken }>,
  'request' | 'json'
>

function tokenAnswer(pass: Pass, call: TokenCall, session: Session): Answer {
  const { mvpd, userId } = viewerOf(session)
  const requestor = session.clientId
  const expires = String(session.expiresAtMs)
  const json = call.json(200, { requestor, mvpd, userId, expires })
  return documentAnswer(pass.options, call.request, json, {
    authentication: { expires, userId, mvpd, requestor },
  })
}
