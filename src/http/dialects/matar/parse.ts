import { refuse } from '../../../domain/failure.ts'
import { readCredentials } from '../../authorization.ts'
import { readJson, requiredText, type JsonObject } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'

export type LoginStep =
  | { readonly action: 'send_otp'; readonly phone: string; readonly name: string }
  | {
      readonly action: 'submit_otp'
      readonly phone: string
      readonly name: string
      readonly otp: string
    }

/** Country code first, without a plus sign; at most 15 digits (ITU-T E.164). */
const PHONE = /^[1-9]\d{6,14}$/
const MAX_NAME_LENGTH = 200
const MAX_OTP_LENGTH = 64

/**
 * Reads either step of the login: both are one call, told apart by `action`.
 *
 * @throws {Refusal} `malformed_request`, `missing_parameter` or `invalid_parameter`.
 */
export function readLoginStep(request: DialectRequest): LoginStep {
  const fields = readJson(request)
  const phone = requiredText(fields, 'phone_number')
  if (!PHONE.test(phone)) return invalid('phone_number', 'not digits with a country code')
  const name = readName(fields)
  const action = requiredText(fields, 'action')
  switch (action) {
    case 'send_otp':
      return { action, phone, name }
    case 'submit_otp':
      return { action, phone, name, otp: requiredText(fields, 'otp', MAX_OTP_LENGTH) }
    default:
      return invalid('action', 'neither send_otp nor submit_otp')
  }
}

/**
 * Reads the token by the rules of Flask-JWT-Extended, which is stricter than HTTP about the scheme
 * and laxer about the header: `Bearer` is spelled so and not otherwise, the header may hold several
 * fields between commas, and exactly one of them must be a `Bearer`.
 *
 * @throws {Refusal} `credentials_missing` where there is no such field or more than one;
 *   `credentials_malformed` where no token stands behind it, or more than one word.
 */
export function readBearer(request: DialectRequest): string {
  const header = request.header('authorization')
  // Sent twice, it would be one header of two fields; which of them counted would be a guess.
  if (header === undefined || request.headerCount('authorization') > 1) {
    return refuse({ kind: 'credentials_missing' })
  }
  const bearers = header
    .split(',')
    .map((field) => field.trim())
    .filter((field) => /^Bearer(?: |$)/.test(field))
  const [bearer] = bearers
  if (bearer === undefined || bearers.length > 1) return refuse({ kind: 'credentials_missing' })
  const credentials = readCredentials(bearer)
  return credentials.scheme === 'bearer'
    ? credentials.token
    : refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
}

function readName(fields: JsonObject): string {
  const name = requiredText(fields, 'name', MAX_NAME_LENGTH)
  return !name.isWellFormed() || /\p{Cc}/u.test(name) ? invalid('name', 'not printable') : name
}

function invalid(parameter: string, reason: string): never {
  return refuse({ kind: 'invalid_parameter', parameter, reason })
}
