import type { Session } from '../../../domain/session.ts'
import type { Route } from '../../surface.ts'
import { fields } from '../../schema.ts'
import { findAuthentication } from './authentication.ts'
import { readCaller } from './caller.ts'
import { authenticationExpired, authenticationForbidden, passRefuse } from './errors.ts'
import { withoutExtension } from './format.ts'
import type { Pass } from './pass.ts'
import { findRegistrationCode } from './registration-code.ts'
import { deviceRoutes } from './device-call.ts'
import { codePath, error, format, passRoute, requestor, type PassCall } from './wire.ts'

export function checkAuthenticationRoutes(pass: Pass): readonly Route[] {
  return [...checkDeviceRoutes(pass), checkCodeRoute(pass)]
}

/** `GET /api/v1/checkauthn` [F]: 200 without a body where the device is logged in, else 403. */
function checkDeviceRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/checkauthn',
      alsoHead: true,
      summary: 'Ask whether a device is logged in',
      responses: { 200: { description: 'It is' }, 403: error('It is not') },
      name: 'checkauthn',
    },
    async ({ deviceKey }, call) => {
      const session = await findAuthentication(pass, deviceKey)
      return session === undefined ? passRefuse(authenticationExpired) : call.empty(200)
    },
  )
}

/** `GET /api/v1/checkauthn/{code}` [F]: the second screen asks whether its login has arrived. */
function checkCodeRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'GET',
      path: '/api/v1/checkauthn/:code',
      alsoHead: true,
      summary: 'Ask whether a second screen’s login has arrived',
      params: codePath,
      query: fields({ requestor, format }),
      responses: { 200: { description: 'It has' }, 403: error('It has not') },
    },
    async (call) => {
      const session = await findByCode(pass, call, call.param('code'))
      return session === undefined ? passRefuse(authenticationForbidden) : call.empty(200)
    },
  )
}

/**
 * The AuthN token that a registration code brought. One that the device had before the code was
 * made is not it: the second screen would be told that a login arrived which has not happened yet.
 */
export async function findByCode(
  pass: Pass,
  call: PassCall<{ readonly requestor?: string }>,
  code: string,
): Promise<Session | undefined> {
  const { id } = await readCaller(pass, call.request, { requestor: () => call.query('requestor') })
  const record = await findRegistrationCode(pass, id, withoutExtension(code))
  if (record === undefined) return undefined
  const session = await findAuthentication(pass, record.deviceKey)
  const isItsOwn = session !== undefined && session.createdAtMs >= record.generated
  return isItsOwn ? session : undefined
}
