import { clientSubject } from '../../../domain/identity.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { readParameters } from './parse.ts'
import { ADOBE_PASS_REGISTRATION, type Pass } from './pass.ts'
import { jsonAnswer } from './render.ts'

/** Longer ones were not issued here, and are not worth an argon2 pass. */
const MAX_CREDENTIAL_LENGTH = 1024

/**
 * `POST /o/client/token` [F]: an access token for a registered application, by client credentials
 * (RFC 6749, section 4.4). It is a session of the client's own: a device's logout does not end it.
 *
 * Answers 201, which the vendor documents where RFC 6749 has 200, or 400 with `invalid_request`,
 * `invalid_client`, `unauthorized_client` or `unsupported_grant_type`.
 *
 * @throws {Refusal} `credentials_invalid`, `account_disabled`, `store_unavailable`.
 */
export async function issueAccessToken(pass: Pass, request: DialectRequest): Promise<Answer> {
  const parameters = readParameters(request)
  const [clientId, secret, grantType] = ['client_id', 'client_secret', 'grant_type'].map((name) =>
    only(parameters, name),
  )
  // Two ways to authenticate the client at once are one too many.
  const complete = clientId !== undefined && secret !== undefined && grantType !== undefined
  if (!complete || request.header('authorization') !== undefined) {
    return jsonAnswer(400, { error: 'invalid_request' })
  }
  if (grantType !== 'client_credentials') {
    return jsonAnswer(400, { error: 'unsupported_grant_type' })
  }
  const client = await pass.core.authenticateClient(ADOBE_PASS_REGISTRATION, clientId, secret)
  const { accessLifetimeMs } = pass.options
  const { session, access } = await pass.core.openSession({
    subjectId: clientSubject(client.id),
    clientId: client.id,
    dialect: ADOBE_PASS_REGISTRATION,
    audience: ADOBE_PASS_REGISTRATION,
    accessLifetimeMs,
    claims: {
      scopes: 'api:client:v1',
      requestors: client.attributes['requestors'] ?? [],
    },
  })
  return jsonAnswer(201, {
    id: session.sid,
    access_token: access.token,
    created_at: session.createdAtMs,
    expires_in: Math.floor((access.expiresAtMs - access.issuedAtMs) / 1000),
    token_type: 'bearer',
  })
}

/** A parameter that is sent once, is not empty and not too long. */
function only(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = parameters.getAll(name)
  const fits = value !== undefined && value !== '' && value.length <= MAX_CREDENTIAL_LENGTH
  return fits && more.length === 0 ? value : undefined
}
