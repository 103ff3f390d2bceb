/** Devices without a browser (RFC 8628): the request for a code, and the answers to their polling. */
import type { SurfaceRequest } from '../../surface.ts'
import { DEVICE_CODE } from '../../../protocol/client-metadata.ts'
import { OAUTH, type OAuthClient } from '../../oauth-client.ts'
import { allowedScopes, countStranger, readClientCall, type CallError } from './client-call.ts'
import type { Holder } from './dpop.ts'
import type { OAuthService } from './service.ts'
import {
  answerOf,
  foreignCode,
  partOfGrant,
  wrong,
  type TokenAnswer,
  type TokenError,
} from './token-answer.ts'
import { refuse } from '../../../domain/failure.ts'

export const deviceAuthorizationPath = '/oauth2/device_authorization'
export const devicePath = '/device'

/** RFC 8628, section 3.2. */
export interface DeviceAnswer {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/**
 * `POST /oauth2/device_authorization` (section 3.1): the client proves who it is as at the token
 * endpoint, and gets a code to ask with and a code to show.
 *
 * @throws {Refusal} As `readClientCall`; `rate_limited`.
 */
export async function authorizeDevice(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<DeviceAnswer | CallError<'invalid_request' | 'invalid_scope' | 'unauthorized_client'>> {
  const called = await readClientCall(service, request)
  if ('error' in called) return called
  const { client, form } = called
  if (!client.grants.includes(DEVICE_CODE)) {
    return { error: 'unauthorized_client', why: `the client is not registered for ${DEVICE_CODE}` }
  }
  const scopes = allowedScopes(client, form.get('scope') ?? undefined)
  if (scopes === undefined)
    return { error: 'invalid_scope', why: 'the client may have none of these scopes' }
  await countStranger(service, client, request)
  const { core, issuer, options } = service
  const { deviceCode, userCode } = await core.devices.begin({
    dialect: OAUTH,
    clientId: client.id,
    context: { scopes },
    lifetimeMs: options.deviceLifetimeMs,
    intervalMs: options.devicePollIntervalMs,
  })
  const verificationUri = issuer + devicePath
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: verificationUri,
    verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
    expires_in: Math.floor(options.deviceLifetimeMs / 1000),
    interval: Math.ceil(options.devicePollIntervalMs / 1000),
  }
}

/** The device asks, at the token endpoint (sections 3.4 and 3.5). */
export async function pollDevice(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
  holder: Holder,
): Promise<TokenAnswer | TokenError> {
  const deviceCode = form.get('device_code')
  if (deviceCode === null) return wrong('invalid_request', 'device_code is missing')
  const { sessionLifetimeMs } = service.options
  const outcome = await service.core.devices.poll({
    dialect: OAUTH,
    deviceCode,
    permit({ clientId }) {
      if (clientId !== client.id) refuse(foreignCode)
    },
    session: (grant) => {
      const part = partOfGrant(service, client, grant, holder)
      // Without a refresh token it has nothing to stay for.
      return part.refreshLifetimeMs === undefined ? part : { ...part, sessionLifetimeMs }
    },
  })
  switch (outcome.kind) {
    case 'issued':
      return answerOf(service, outcome.issued, holder, undefined)
    case 'pending':
      return wrong('authorization_pending', 'the person has not decided yet')
    case 'too_early':
      return wrong('slow_down', 'ask less often: wait five seconds longer from now on')
    case 'denied':
      return wrong('access_denied', 'the person declined')
    case 'expired':
      return wrong('expired_token', 'the codes are no longer good')
  }
}
