import type { Session } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication } from './authentication.ts'
import { readCaller, readDeviceCaller } from './caller.ts'
import { authenticationExpired, authenticationForbidden, passRefuse } from './errors.ts'
import { withoutExtension } from './format.ts'
import type { Pass } from './pass.ts'
import { findRegistrationCode } from './registration-code.ts'

/** `GET /api/v1/checkauthn` [F]: 200 without a body where the device is logged in, else 403. */
export async function checkDevice(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey } = await readDeviceCaller(pass, request, { call: 'checkauthn' })
  const session = await findAuthentication(pass, deviceKey)
  return session === undefined ? passRefuse(authenticationExpired) : { status: 200 }
}

/** `GET /api/v1/checkauthn/{code}` [F]: the second screen asks whether its login has arrived. */
export async function checkCode(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { session } = await findByCode(pass, request)
  return session === undefined ? passRefuse(authenticationForbidden) : { status: 200 }
}

/**
 * The AuthN token that a registration code brought. One that the device had before the code was
 * made is not it: the second screen would be told that a login arrived which has not happened yet.
 */
export async function findByCode(
  pass: Pass,
  request: DialectRequest,
): Promise<{ readonly session: Session | undefined; readonly parameters: URLSearchParams }> {
  const { requestor, parameters } = await readCaller(pass, request)
  const code = withoutExtension(request.params['code'] ?? '')
  const record = await findRegistrationCode(pass, requestor.id, code)
  if (record === undefined) return { session: undefined, parameters }
  const session = await findAuthentication(pass, record.deviceKey)
  const isItsOwn = session !== undefined && session.createdAtMs >= record.generated
  return { session: isItsOwn ? session : undefined, parameters }
}
