/** Requests into what the calls' schemas check. Nothing here asks the store. */
import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import { readForm as readAnyForm, readJson, singleParameter, type JsonObject } from '../../body.ts'
import type { SurfaceRequest } from '../../surface.ts'

const MAX_FIELD_LENGTH = 8192

/** @throws {Refusal} `credentials_missing`, `credentials_malformed`. */
export function readBearer(request: SurfaceRequest): string {
  const authorization = readAuthorization(request)
  if (authorization === undefined) return refuse({ kind: 'credentials_missing' })
  if (authorization.scheme !== 'bearer') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
  }
  return authorization.token
}

/** Whether the caller asks for the US tenant. Recorded, and otherwise without consequence. */
export function asksForUs(request: SurfaceRequest): boolean {
  return request.header('x-us-env') === 'true' || request.query.get('region') === 'us'
}

export const isSixDigits: Rule = ruleOf(/^\d{6}$/, 'must be six digits')
/** RFC 7636, section 4.2: SHA-256 in base64url. */
export const isChallenge: Rule = ruleOf(/^[\w-]{43}$/, 'must be a SHA-256 in base64url')
/** RFC 7636, section 4.1. */
export const isVerifier: Rule = ruleOf(/^[\w\-.~]{43,128}$/, 'must be 43 to 128 of its characters')
/** `b64token` of RFC 6750, section 2.1, with white space around it. */
export const isToken: Rule = ruleOf(/^\s*[\w\-.~+/]+=*\s*$/, 'must be a token')

/** What is wrong with a value; undefined where nothing is. */
type Rule = (value: string) => string | undefined

function ruleOf(pattern: RegExp, wrong: string): Rule {
  return (value) => (pattern.test(value) ? undefined : wrong)
}

/**
 * The fields of a JSON or form body. A body that begins as a JSON object is one whatever its media
 * type says: `curl -d` calls everything a form.
 */
export function readFields(request: SurfaceRequest): JsonObject {
  const isForm =
    /^application\/x-www-form-urlencoded\b/i.test(request.header('content-type') ?? '') &&
    !/^\s*\{/.test(request.body.subarray(0, 64).toString('latin1'))
  return isForm ? Object.fromEntries(readForm(request)) : readJson(request)
}

/** @throws {Refusal} `malformed_request`; `invalid_parameter` where a name comes twice. */
export function readForm(request: SurfaceRequest): URLSearchParams {
  const form = readAnyForm(request)
  const fields = [...new Set(form.keys())].flatMap((name) => {
    const value = singleParameter(form, name, MAX_FIELD_LENGTH)
    return value === undefined ? [] : [[name, value] as [string, string]]
  })
  return new URLSearchParams(fields)
}
