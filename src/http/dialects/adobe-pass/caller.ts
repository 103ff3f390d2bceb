import type { Client } from '../../../domain/identity.ts'
import { refuse } from '../../../domain/failure.ts'
import { singleParameter } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'
import { findRequestor, readAccess } from './access.ts'
import { deviceType, type DeviceInfo } from './device-info.ts'
import { deviceKeyOf, readDevice, readParameters, requiredDeviceId } from './parse.ts'
import type { Pass } from './pass.ts'

/** Who calls for which requestor. */
export interface Caller {
  readonly requestor: Client
  readonly parameters: URLSearchParams
}

/** A caller that names a device. */
export interface DeviceCaller extends Caller {
  readonly deviceId: string
  /** Key of the device scope. */
  readonly deviceKey: string
  readonly device: DeviceInfo
  readonly deviceType: string
}

export interface CallerRules {
  /** The requestor's parameter: `requestor`, and `requestor_id` where the vendor calls it so. */
  readonly requestorParameter?: string
  /** The requestor as the path says it. */
  readonly requestor?: string
  /** True: a requestor that is disabled may still make the call. Default false. */
  readonly evenDisabled?: boolean
  /** Where given, read instead of the request's own. */
  readonly parameters?: URLSearchParams
}

export interface DeviceCallerRules extends CallerRules {
  /** Name of the call in counts by device type. */
  readonly call: string
}

/**
 * Reads and checks what every call has: credentials first, then requestor.
 *
 * @throws {Refusal} See `readAccess` and `findRequestor`; `account_disabled`.
 */
export async function readCaller(
  pass: Pass,
  request: DialectRequest,
  rules: CallerRules = {},
): Promise<Caller> {
  const { requestorParameter = 'requestor' } = rules
  const access = await readAccess(pass, request)
  const parameters = rules.parameters ?? readParameters(request)
  const named = rules.requestor ?? singleParameter(parameters, requestorParameter, 128)
  const requestor = await findRequestor(pass, access, named, requestorParameter)
  if (requestor.status === 'disabled' && rules.evenDisabled !== true) {
    return refuse({ kind: 'account_disabled' })
  }
  return { requestor, parameters }
}

/**
 * The same for calls of a device: then device id, then device information. Counts the call.
 *
 * @throws {Refusal} See `readCaller`, `requiredDeviceId` and `readDevice`.
 */
export async function readDeviceCaller(
  pass: Pass,
  request: DialectRequest,
  rules: DeviceCallerRules,
): Promise<DeviceCaller> {
  const caller = await readCaller(pass, request, rules)
  const { requestor, parameters } = caller
  const deviceId = requiredDeviceId(parameters)
  const device = readDevice(request, parameters, pass.options.strict)
  if (device.kind === 'unreadable') {
    const fields = { call: rules.call, requestId: request.requestId }
    pass.log.info(fields, 'device information unreadable')
  }
  const type = deviceType(device, parameters.get('deviceType') ?? undefined)
  pass.countDevice(rules.call, type)
  const deviceKey = deviceKeyOf(requestor.id, deviceId)
  return { ...caller, deviceId, deviceKey, device, deviceType: type }
}
