/** Reading what the calls have in common: parameters, wherever they stand, and the device. */
import { createHash } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readForm, singleParameter } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'
import { deviceField, readDeviceInfo, type DeviceInfo } from './device-info.ts'

const MAX_DEVICE_ID_LENGTH = 1024
/** A resource may be a fragment of MRSS, a small XML document. */
const MAX_RESOURCE_LENGTH = 8192

/**
 * The parameters of a call: those of the query and, as observed clients send them, those of a form
 * in the body. Deprecated and unknown ones are accepted and not looked at.
 *
 * @throws {Refusal} `malformed_request` where the body is not UTF-8.
 */
export function readParameters(request: DialectRequest): URLSearchParams {
  const parameters = new URLSearchParams(request.query)
  const type = request.header('content-type') ?? 'application/x-www-form-urlencoded'
  if (request.body.length > 0 && /^application\/x-www-form-urlencoded\b/i.test(type)) {
    for (const [name, value] of readForm(request)) parameters.append(name, value)
  }
  return parameters
}

/** @throws {Refusal} `missing_parameter`, `invalid_parameter` (two values, or too long). */
export function requiredParameter(
  parameters: URLSearchParams,
  name: string,
  longest?: number,
): string {
  const value = singleParameter(parameters, name, longest)
  return value ?? refuse({ kind: 'missing_parameter', parameter: name })
}

/** @throws {Refusal} `missing_parameter`, `invalid_parameter`. */
export function requiredResource(parameters: URLSearchParams): string {
  return requiredParameter(parameters, 'resource', MAX_RESOURCE_LENGTH)
}

/**
 * The device id.
 *
 * @throws {Refusal} `missing_parameter`; `invalid_parameter` also where its bytes are not UTF-8:
 *   decoded they would be the same as those of other devices.
 */
export function requiredDeviceId(parameters: URLSearchParams): string {
  const parameter = 'deviceId'
  const value = requiredParameter(parameters, parameter, MAX_DEVICE_ID_LENGTH)
  if (value.includes('\uFFFD')) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is not UTF-8' })
  }
  return value
}

/** A device id is as good as a password here: only its hash is stored, and nothing of it is logged. */
export function hashDeviceId(deviceId: string): string {
  return createHash('sha256').update(deviceId).digest('base64url')
}

/** The key of the device scope: one device at one requestor. */
export function deviceKeyOf(requestor: string, deviceId: string): string {
  return `${requestor}/${hashDeviceId(deviceId)}`
}

/**
 * The device information of a request: header, then query, then body.
 *
 * @param strict True refuses what is missing, unreadable, or without `model` and `osName`.
 * @throws {Refusal} With `strict` alone.
 */
export function readDevice(
  request: DialectRequest,
  parameters: URLSearchParams,
  strict: boolean,
): DeviceInfo {
  const parameter = 'device_info'
  const info = readDeviceInfo(
    request.header('x-device-info') ?? parameters.get(parameter) ?? undefined,
  )
  if (!strict) return info
  if (info.kind === 'absent') return refuse({ kind: 'missing_parameter', parameter })
  const complete =
    deviceField(info, 'model') !== undefined && deviceField(info, 'osName') !== undefined
  if (complete) return info
  return refuse({ kind: 'invalid_parameter', parameter, reason: 'it has no model and osName' })
}
