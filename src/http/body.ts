/** Reading request bodies: JSON objects and forms, with the failures that every dialect shares. */
import { refuse } from '../domain/failure.ts'
import { RepeatedName } from '../settings/strict-json.ts'
import type { SurfaceRequest } from './surface.ts'
import { readUtf8 } from './utf8.ts'

/** Bodies are small where their route does not say otherwise; a larger one is refused unread. */
export const BODY_LIMIT_BYTES = 65_536

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Reads the body as a JSON object, whatever its Content-Type says.
 *
 * @param parse `JSON.parse` by default, by which the last of repeated names counts.
 * @returns An empty object where there is no body.
 * @throws {Refusal} `malformed_request` where it is not UTF-8, not JSON, or not an object.
 */
export function readJson(
  request: SurfaceRequest,
  parse: (text: string) => unknown = JSON.parse,
): JsonObject {
  if (request.body.length === 0) return {}
  let parsed: unknown
  try {
    parsed = parse(readUtf8(request.body))
  } catch (error) {
    // The name itself is the sender's, and is not repeated.
    const isRepeated = error instanceof RepeatedName
    const reason = isRepeated
      ? 'an object in the body has a member twice'
      : 'the body is not JSON in UTF-8'
    return refuse({ kind: 'malformed_request', reason })
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    return refuse({ kind: 'malformed_request', reason: 'the body is not a JSON object' })
  }
  return parsed as JsonObject
}

/**
 * Reads the body as `application/x-www-form-urlencoded`.
 *
 * @throws {Refusal} `malformed_request` where it is not UTF-8.
 */
export function readForm(request: SurfaceRequest): URLSearchParams {
  try {
    return new URLSearchParams(readUtf8(request.body))
  } catch {
    return refuse({ kind: 'malformed_request', reason: 'the body is not UTF-8' })
  }
}

/**
 * A field that must be a string, not empty and at most `longest` characters.
 *
 * @throws {Refusal} `missing_parameter` where it is absent or empty, `invalid_parameter` where it
 *   is of another type or too long.
 */
export function requiredText(fields: JsonObject, parameter: string, longest = 1024): string {
  const value = fields[parameter]
  if (value === undefined || value === null || value === '') {
    return refuse({ kind: 'missing_parameter', parameter })
  }
  if (typeof value !== 'string') {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is not a string' })
  }
  if (value.length > longest) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is too long' })
  }
  return value
}

/**
 * A query or form parameter that is sent at most once.
 *
 * @returns Undefined where it is absent or empty.
 * @throws {Refusal} `invalid_parameter` where it is sent twice with different values, or is too
 *   long.
 */
export function singleParameter(
  parameters: URLSearchParams,
  parameter: string,
  longest = 2048,
): string | undefined {
  const [value, ...others] = parameters.getAll(parameter)
  if (value === undefined || value === '') return undefined
  if (others.some((other) => other !== value)) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is sent more than once' })
  }
  if (value.length > longest) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is too long' })
  }
  return value
}
