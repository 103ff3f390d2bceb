import type { Session } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication, hasExpired, openAuthentication, viewerOf } from './authentication.ts'
import { readDeviceCaller } from './caller.ts'
import { findByCode } from './check-authentication.ts'
import {
  authenticationGone,
  authenticationNotFound,
  passRefuse,
  unknownIntegration,
} from './errors.ts'
import { requiredParameter } from './parse.ts'
import { providerOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

const MAX_SAML_LENGTH = 65_536

/** `GET /api/v1/tokens/authn` [F]: 200 with the AuthN token, 410 where it expired, 404 otherwise. */
export async function readAuthentication(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey } = await readDeviceCaller(pass, request, { call: 'authn' })
  const session = await findAuthentication(pass, deviceKey)
  if (session !== undefined) return authenticationAnswer(pass, request, session)
  const gone = await hasExpired(pass, deviceKey)
  return passRefuse(gone ? authenticationGone : authenticationNotFound)
}

/** `GET /api/v1/authenticate/{code}` [C]: the same by registration code, as an add-on asks for it. */
export async function readAuthenticationByCode(
  pass: Pass,
  request: DialectRequest,
): Promise<Answer> {
  const { session } = await findByCode(pass, request)
  return session === undefined
    ? passRefuse(authenticationNotFound)
    : authenticationAnswer(pass, request, session)
}

/**
 * `POST /api/v1/tokens/authn` with `SAMLResponse` [F]: a platform that logged its user in by itself
 * exchanges that for an AuthN token. 204, or 400 where the provider has no such agreement here.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter` (the response is not to be trusted).
 */
export async function exchangePlatformProfile(
  pass: Pass,
  request: DialectRequest,
): Promise<Answer> {
  const caller = await readDeviceCaller(pass, request, { call: 'authn' })
  const { requestor, parameters, deviceKey, deviceType } = caller
  const provider = providerOf(pass, requestor, requiredParameter(parameters, 'mvpd', 64))
  const response = requiredParameter(parameters, 'SAMLResponse', MAX_SAML_LENGTH)
  const { verifyPlatformProfile: verify, authenticationLifetimeMs } = pass.options
  if (verify === undefined || provider.platform === undefined) {
    return passRefuse(unknownIntegration)
  }
  const profile = await verify(provider, response)
  if (profile === undefined) return passRefuse(unknownIntegration)
  await openAuthentication(pass, {
    requestor: requestor.id,
    deviceKey,
    mvpd: provider.id,
    userId: profile.userId,
    deviceType,
    metadata: profile.metadata ?? {},
    lifetimeMs: authenticationLifetimeMs,
  })
  return { status: 204 }
}

/** `expires` is a string of milliseconds in tokens, where registration records have a number [F]. */
function authenticationAnswer(pass: Pass, request: DialectRequest, session: Session): Answer {
  const { mvpd, userId } = viewerOf(session)
  const requestor = session.clientId
  const expires = String(session.expiresAtMs)
  return documentAnswer(pass.options, request, 200, {
    xml: { authentication: { expires, userId, mvpd, requestor } },
    json: { requestor, mvpd, userId, expires },
  })
}
