import { createHash } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import { readAuthorization } from '../../authorization.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { isLegacy, readLegacy, verifyLegacy } from './legacy-signature.ts'
import { ADOBE_PASS, ADOBE_PASS_REGISTRATION, type Pass } from './pass.ts'

/** For whom the caller may act, as far as its credentials say. */
export interface Access {
  /** Requestors for which it may act; undefined: it proved nothing. */
  readonly requestors: readonly string[] | undefined
  /** The requestor that it acts for where it does not name one. */
  readonly requestor: string | undefined
}

/**
 * Checks the caller's credentials: an access token, a legacy signature header, or, unless
 * `requireAccessToken` is set, none. What is sent must be good: a dead token is not the same as
 * none.
 *
 * @throws {Refusal} `credentials_missing`, `credentials_malformed`, `token_…`, `stale`.
 */
export async function readAccess(pass: Pass, request: SurfaceRequest): Promise<Access> {
  const header = request.header('authorization')
  if (header !== undefined && isLegacy(header)) return legacyAccess(pass, request, header)
  const credentials = readAuthorization(request)
  if (credentials === undefined) {
    if (pass.options.requireAccessToken) return refuse({ kind: 'credentials_missing' })
    return { requestors: undefined, requestor: undefined }
  }
  if (credentials.scheme !== 'bearer') {
    return refuse({ kind: 'credentials_malformed', reason: 'the scheme is not Bearer' })
  }
  const claims = await pass.core.inspect(credentials.token, ADOBE_PASS_REGISTRATION)
  const requestors = Array.isArray(claims['requestors']) ? (claims['requestors'] as string[]) : []
  return { requestors, requestor: requestors[0] }
}

async function legacyAccess(pass: Pass, request: SurfaceRequest, header: string): Promise<Access> {
  const signature = readLegacy(header)
  const { legacyKeys, requireAccessToken } = pass.options
  if (signature === undefined || request.headerCount('authorization') > 1) {
    return refuse({ kind: 'credentials_malformed', reason: 'the legacy signature is incomplete' })
  }
  const { requestor } = signature
  if (legacyKeys.length === 0) {
    if (requireAccessToken) return refuse({ kind: 'credentials_missing' })
    return { requestors: undefined, requestor }
  }
  const nowMs = pass.clock.nowMs()
  const { expiresAtMs } = verifyLegacy(legacyKeys, signature, request.path, nowMs)
  const nonce = createHash('sha256').update(signature.nonce).digest('base64url')
  const used = { kind: 'adobe-nonce', key: `${requestor} ${nonce}`, value: {}, expiresAtMs }
  if (!(await pass.core.records.add(used))) {
    return refuse({ kind: 'token_invalid', reason: 'the nonce was used before' })
  }
  return { requestors: [requestor], requestor }
}

/**
 * The requestor of a call.
 *
 * @param named What the call's parameter or path says; undefined where it says nothing.
 * @param parameter The parameter's name, for the error.
 * @throws {Refusal} `missing_parameter`, `invalid_parameter` (there is no such requestor),
 *   `forbidden` (it is not one of the token's), `account_disabled`.
 */
export async function findRequestor(
  pass: Pass,
  access: Access,
  named: string | undefined,
  parameter = 'requestor',
): Promise<Client> {
  const { defaultRequestor, strict } = pass.options
  const id = named ?? (strict ? undefined : (access.requestor ?? defaultRequestor))
  if (id === undefined) return refuse({ kind: 'missing_parameter', parameter })
  if (access.requestors !== undefined && !access.requestors.includes(id)) {
    return refuse({ kind: 'forbidden', reason: 'the credentials are for another requestor' })
  }
  const found = await pass.core.clients.find({ by: 'key', dialect: ADOBE_PASS, value: id })
  if (found === undefined) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'there is no such requestor' })
  }
  return found
}
