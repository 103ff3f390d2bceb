import { mintId } from '../../../core/mint-id.ts'
import type { Json } from '../../../domain/session.ts'
import { readForm, readJson } from '../../body.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { ADOBE_PASS_REGISTRATION, type Pass } from './pass.ts'
import { jsonAnswer } from './render.ts'

const SECRET_BYTES = 32
const MAX_REDIRECT_URI_LENGTH = 2048

/**
 * `POST /o/client/register` [F]: an application that holds a software statement gets credentials of
 * its own (RFC 7591). The statement is compared whole: it is a secret of the operator's, not
 * verified here.
 *
 * Answers 201, or 400 with `invalid_request`, `invalid_redirect_uri`, `invalid_software_statement`
 * or `unapproved_software_statement`.
 */
export async function register(pass: Pass, request: DialectRequest): Promise<Answer> {
  const fields = readFields(request)
  const { software_statement: statement, redirect_uri: redirectUri } = fields
  if (typeof statement !== 'string' || statement === '') return failed('invalid_request')
  if (redirectUri !== undefined && !isRedirectUri(redirectUri)) {
    return failed('invalid_redirect_uri')
  }
  const known = pass.options.softwareStatements.find((each) => each.statement === statement)
  if (known === undefined) return failed('invalid_software_statement')
  if (known.approved === false) return failed('unapproved_software_statement')
  const { core, random } = pass
  const nowMs = pass.clock.nowMs()
  const id = mintId(random, nowMs)
  const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
  const redirectUris = redirectUri === undefined ? [] : [redirectUri]
  await core.clients.create({
    id,
    name: `Application of ${known.requestors.join(', ')}`,
    dialect: ADOBE_PASS_REGISTRATION,
    key: id,
    secretHash: await core.hashSecret(secret),
    allowlist: [],
    redirectUris,
    status: 'active',
    createdAtMs: nowMs,
    attributes: { requestors: known.requestors },
  })
  const issuedAt = Math.floor(nowMs / 1000)
  return jsonAnswer(201, registered(id, secret, redirectUris, issuedAt))
}

function registered(
  id: string,
  secret: string,
  redirectUris: readonly string[],
  issuedAt: number,
): Json {
  return {
    client_id: id,
    client_secret: secret,
    redirect_uris: redirectUris,
    grant_types: ['client_credentials'],
    scopes: ['api:client:v1'],
    client_id_issued_at: issuedAt,
  }
}

/** JSON as documented; a form as some clients send it. A parameter that comes twice is no parameter. */
function readFields(request: DialectRequest): Readonly<Record<string, unknown>> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.header('content-type') ?? '')) {
    return readJson(request)
  }
  const form = readForm(request)
  const once = [...new Set(form.keys())].filter((name) => form.getAll(name).length === 1)
  return Object.fromEntries(once.map((name) => [name, form.get(name)]))
}

/** An absolute URI (RFC 3986), an application's own scheme included, that runs nothing. */
function isRedirectUri(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_REDIRECT_URI_LENGTH) return false
  const { protocol = '' } = URL.parse(value) ?? {}
  return protocol !== '' && !['javascript:', 'data:', 'vbscript:', 'blob:'].includes(protocol)
}

function failed(error: string): Answer {
  return jsonAnswer(400, { error })
}
