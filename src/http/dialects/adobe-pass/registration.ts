import { mintId } from '../../../core/mint-id.ts'
import { BODY_LIMIT_BYTES, readForm, readJson } from '../../body.ts'
import { routesWith } from '../../declared-route.ts'
import type { SurfaceRequest, Route } from '../../surface.ts'
import { problemManners } from '../../problem-response.ts'
import { anyText, count, fields, listOf, optional, text } from '../../schema.ts'
import { ADOBE_PASS_REGISTRATION, type Pass } from './pass.ts'
import { JSON_TYPE, registrationError, registrationErrors, security } from './wire.ts'

const SECRET_BYTES = 32

const route = routesWith({ ...problemManners, readBody: readFields, jsonType: JSON_TYPE })

/**
 * `POST /o/client/register` [F]: an application that holds a software statement gets credentials of
 * its own (RFC 7591). The statement is compared whole: it is a secret of the operator's, not
 * verified here.
 *
 * Answers 201, or 400 with `invalid_request`, `invalid_redirect_uri`, `invalid_software_statement`
 * or `unapproved_software_statement`.
 */
export function registerRoute(pass: Pass): Route {
  return route(
    {
      method: 'POST',
      path: '/o/client/register',
      summary: 'Register an application by its software statement',
      security,
      body: fields({
        software_statement: text(BODY_LIMIT_BYTES),
        redirect_uri: optional(text(2048, {}, wrongRedirectUri)),
      }),
      bodyType: 'json_or_form',
      responses: {
        201: { description: 'Client id and secret', schema: registered, example },
        400: registrationError('invalid_software_statement'),
        ...registrationErrors,
      },
    },
    async (call) => {
      const { software_statement: statement, redirect_uri: redirectUri } = call.body()
      const known = pass.options.softwareStatements.find((each) => each.statement === statement)
      if (known === undefined) return call.json(400, { error: 'invalid_software_statement' })
      if (known.approved === false) {
        return call.json(400, { error: 'unapproved_software_statement' })
      }
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
      return call.json(201, {
        client_id: id,
        client_secret: secret,
        redirect_uris: redirectUris,
        grant_types: ['client_credentials'],
        scopes: ['api:client:v1'],
        client_id_issued_at: Math.floor(nowMs / 1000),
      })
    },
  )
}

const registered = fields({
  client_id: anyText(),
  client_secret: anyText(),
  redirect_uris: listOf(anyText()),
  grant_types: listOf(anyText()),
  scopes: listOf(anyText()),
  client_id_issued_at: count(),
})

const example = {
  client_id: '01a1facd-6a36-746c-8805-28ecd7b61aec',
  client_secret: '…',
  redirect_uris: [],
  grant_types: ['client_credentials'],
  scopes: ['api:client:v1'],
  client_id_issued_at: 1_795_209_128,
}

/**
 * JSON as documented; a form as some clients send it. A parameter that is sent twice is refused.
 */
function readFields(request: SurfaceRequest): Readonly<Record<string, unknown>> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.header('content-type') ?? '')) {
    return readJson(request)
  }
  const form = readForm(request)
  const once = [...new Set(form.keys())].filter((name) => form.getAll(name).length === 1)
  return Object.fromEntries(once.map((name) => [name, form.get(name)]))
}

/** An absolute URI (RFC 3986), an application's own scheme included, that runs nothing. */
function wrongRedirectUri(value: string): string | undefined {
  const { protocol = '' } = URL.parse(value) ?? {}
  const isOne =
    protocol !== '' && !['javascript:', 'data:', 'vbscript:', 'blob:'].includes(protocol)
  return isOne ? undefined : 'must be an absolute URI'
}
