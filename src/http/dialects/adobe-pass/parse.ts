/** Reading what the calls have in common: parameters, wherever they stand, and the device. */
import { createHash } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readForm } from '../../body.ts'
import type { SurfaceRequest } from '../../surface.ts'

/**
 * The parameters of a call: those of the query and, as observed clients send them, those of a form
 * in the body. Deprecated and unknown ones are accepted and not looked at.
 *
 * @throws {Refusal} `malformed_request` where the body is not UTF-8.
 */
export function readParameters(request: SurfaceRequest): URLSearchParams {
  const parameters = new URLSearchParams(request.query)
  const type = request.header('content-type') ?? 'application/x-www-form-urlencoded'
  if (request.body.length > 0 && /^application\/x-www-form-urlencoded\b/i.test(type)) {
    for (const [name, value] of readForm(request)) parameters.append(name, value)
  }
  return parameters
}

/**
 * What only `strict` insists on.
 *
 * @throws {Refusal} `missing_parameter`.
 */
export function required(value: string | undefined, parameter: string): string {
  return value ?? refuse({ kind: 'missing_parameter', parameter })
}

/** A device id is as good as a password here: only its hash is stored, and nothing of it is logged. */
export function hashDeviceId(deviceId: string): string {
  return createHash('sha256').update(deviceId).digest('base64url')
}

/** The key of the device scope: one device at one requestor. */
export function deviceKeyOf(requestor: string, deviceId: string): string {
  return `${requestor}/${hashDeviceId(deviceId)}`
}
