/** The calls of a device: what all of them take, and how it is read before any of them acts. */
import type { Client } from '../../../domain/identity.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Call, RouteForm } from '../../declared-route.ts'
import type { Answer, Route } from '../../surface.ts'
import type { Responses } from '../../responses.ts'
import {
  anyText,
  fields,
  optional,
  repeatable,
  text,
  type Fields,
  type Schema,
  type TypeOf,
} from '../../schema.ts'
import { readCaller } from './caller.ts'
import { deviceField, deviceType, readDeviceInfo, type DeviceInfo } from './device-info.ts'
import { deviceKeyOf } from './parse.ts'
import type { Pass } from './pass.ts'
import { format, passRoute, requestor, requestorPath, type PassCall } from './wire.ts'

/** A caller that names a device. */
export interface DeviceCaller {
  readonly requestor: Client
  readonly deviceId: string
  /** Key of the device scope. */
  readonly deviceKey: string
  readonly device: DeviceInfo
  readonly deviceType: string
}

export interface DeviceForm<M, B, R extends Responses> extends Omit<
  RouteForm<undefined, B, R, undefined, undefined>,
  'params' | 'query' | 'headers' | 'security'
> {
  /** Name of the call in counts by device type. */
  readonly name: string
  /** What it takes beside what every device says. */
  readonly query?: M
  /** Where the requestor is named. Default: the parameter `requestor`. */
  readonly requestorIn?: 'requestor' | 'requestor_id' | 'path'
  /** True: a requestor that is disabled may still make the call. Default false. */
  readonly evenDisabled?: boolean
}

/**
 * Declares a call of a device, at three paths, of which two name the form of the answer. Checks
 * credentials first, then requestor, device id and device information, and counts the call.
 */
export function deviceRoutes<
  R extends Responses,
  M extends Fields = Readonly<Record<never, never>>,
  B = undefined,
>(
  pass: Pass,
  form: DeviceForm<M, B, R>,
  handle: (
    caller: DeviceCaller,
    call: Pick<Call<TypeOf<M>, B, R>, 'request' | 'query' | 'body' | 'json' | 'empty' | 'param'>,
  ) => Promise<Answer>,
): readonly Route[] {
  const { name, query, requestorIn = 'requestor', evenDisabled = false, ...rest } = form
  const isInPath = requestorIn === 'path'
  const named = isInPath ? {} : { [requestorIn]: requestor }
  const declared = passRoute(
    {
      ...rest,
      ...(isInPath ? { params: requestorPath } : {}),
      // Its own first; the compiler cannot put the two together.
      query: fields({ ...named, ...query, ...device }) as Schema<TypeOf<M> & DeviceParameters>,
      headers,
    },
    async (call) => {
      const requestor = await readCaller(pass, call.request, {
        requestor: () => (isInPath ? call.param('requestor') : call.query(requestorIn)),
        evenDisabled,
        ...(isInPath ? {} : { requestorParameter: requestorIn }),
      })
      const { deviceId, ...said } = deviceIn(pass, call, name)
      const deviceKey = deviceKeyOf(requestor.id, deviceId)
      return handle({ requestor, deviceId, deviceKey, ...said }, call)
    },
  )
  return ['', '.xml', '.json'].map((ending) => ({ ...declared, path: declared.path + ending }))
}

/** @throws {Refusal} See `readDevice`; `missing_parameter`, `invalid_parameter`. */
function deviceIn(
  pass: Pass,
  call: PassCall<DeviceParameters>,
  name: string,
): Pick<DeviceCaller, 'deviceId' | 'device' | 'deviceType'> {
  const deviceId = call.query('deviceId')
  const device = readDevice(call, pass.options.strict)
  if (device.kind === 'unreadable') {
    const fields = { call: name, requestId: call.request.requestId }
    pass.log.info(fields, 'device information unreadable')
  }
  const type = deviceType(device, call.query('deviceType'))
  pass.countDevice(name, type)
  return { deviceId, device, deviceType: type }
}

/**
 * The device information of a request: header, then query, then body.
 *
 * @param strict True refuses what is missing, unreadable, or without `model` and `osName`.
 * @throws {Refusal} With `strict` alone.
 */
function readDevice(call: PassCall<DeviceParameters>, strict: boolean): DeviceInfo {
  const parameter = 'device_info'
  // A header that is empty goes before the parameter as well.
  const info = readDeviceInfo(call.request.header('x-device-info') ?? call.query(parameter))
  if (!strict) return info
  if (info.kind === 'absent') return refuse({ kind: 'missing_parameter', parameter })
  const complete =
    deviceField(info, 'model') !== undefined && deviceField(info, 'osName') !== undefined
  if (complete) return info
  return refuse({ kind: 'invalid_parameter', parameter, reason: 'it has no model and osName' })
}

interface DeviceParameters {
  readonly requestor?: string
  readonly requestor_id?: string
  readonly deviceId: string
  readonly device_info?: string
  readonly deviceType?: string
}

const ignored = optional(repeatable({ description: 'Deprecated; accepted and not looked at' }))

const device = {
  deviceId: text(
    1024,
    { description: 'The device id; as good as a password, so it is stored as a hash alone' },
    // Decoded it would be the same as those of other devices.
    (value) => (value.includes('\uFFFD') ? 'must be UTF-8' : undefined),
  ),
  // Neither of the next two is ever an error.
  device_info: optional(
    repeatable({
      description: 'Device information: base64 of JSON. Better sent as the header X-Device-Info',
    }),
  ),
  deviceType: optional(
    repeatable({ description: 'The device type, for counts; device information replaces it' }),
  ),
  deviceUser: ignored,
  appId: ignored,
  format,
}

const headers = fields({
  'x-device-info': optional(anyText({ description: 'Device information: base64 of JSON' })),
})
