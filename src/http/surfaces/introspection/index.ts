/**
 * Token introspection: `POST /oauth2/introspect` (RFC 7662), and its answers as JWTs (RFC 9701). It
 * owns who may ask and how the answer looks; whether a token is good says the verifier of this
 * node, as it does for a guard. "Active" is a right to accept the token, so it is said by the same
 * rule: only while this node is current.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { refuse, type Failure } from '../../../domain/failure.ts'
import { preferredType } from '../../accept.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Answer, Route } from '../../surface.ts'
import { oauthError, oauthFailure, refuseForm } from '../../oauth-error.ts'
import { anything, anyText, lenient, optional, text } from '../../schema.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { introspectionPath } from '../../token-endpoints.ts'
import { createAuthentication } from './authenticate.ts'
import { describe, inactive, introspectionBody, type Introspection } from './describe.ts'
import { introspectionSchema, type IntrospectionSettings, type ResourceServer } from './options.ts'

export const introspection: OwnModule<IntrospectionSettings> = defineOwn({
  name: 'introspection',
  title: 'Token introspection',
  options: introspectionSchema,
  demo: { shown: { who: 'resource server demo-api', secret: 'demo-api-secret' } },
  create: (context, settings) => ({
    routes: [introspectionRoute(context, settings)],
    owns: (path) => path === introspectionPath,
    renderFailure,
  }),
})

const plainType = 'application/json'
const signedType = 'application/token-introspection+jwt'

/**
 * Libraries send the credentials of the OAuth client that they are, so the answer says whose are
 * wanted: the same for an unknown id and a wrong secret.
 */
function renderFailure(failure: Failure): Answer {
  const answer = oauthFailure(failure)
  if (failure.kind !== 'credentials_invalid') return answer
  const description = 'These are not the credentials of a resource server'
  const precise = oauthError(answer.status, 'invalid_client', description)
  return { ...precise, headers: { ...precise.headers, ...answer.headers } }
}

const declare = routesWith({ refuse: refuseForm })

/**
 * `POST /oauth2/introspect` (RFC 7662, section 2.1), a form with `token`. `token_type_hint` changes
 * nothing.
 *
 * 1. Who asks: 401 for a wrong secret, and for none; 400 for none where a JWT is asked for (RFC 9701,
 *    section 4).
 * 2. A form that is not good: 400.
 * 3. The token is judged at this moment. Whatever is not good, or not meant for the caller, is
 *    `{"active": false}`; 503 where this node cannot say: callers should not end a session because
 *    of that.
 * 4. As a JWT where that is asked for (`Accept`), encrypted where the server has a key for that.
 *    Signing takes a moment, in which a logout may have been answered: so the token is judged
 *    again.
 */
function introspectionRoute(
  { core, rateLimitFactor, clock }: SurfaceContext,
  { resourceServers }: IntrospectionSettings,
): Route {
  const authenticate = createAuthentication(resourceServers, { rateLimitFactor, clock })
  const keys = new Map(resourceServers.map((server) => [server, encryptionKeyOf(server)] as const))

  async function introspect(token: string, server: ResourceServer): Promise<Introspection> {
    const verdict = await core.check(token)
    if (verdict.ok) return describe(verdict, server)
    const { bound, reason } = verdict
    // The resource server checks the proof: it is about a request that this server has not seen.
    if (bound !== undefined) return describe(bound.verdict, server, bound.thumbprint)
    return reason === 'stale' ? refuse({ kind: 'stale' }) : inactive
  }

  async function signed(token: string, server: ResourceServer): Promise<Answer> {
    const found = await introspect(token, server)
    const jwt = await core.signIntrospection(server.id, found)
    const now = found.active ? await introspect(token, server) : found
    const last = now.active === found.active ? jwt : await core.signIntrospection(server.id, now)
    const key = keys.get(server)
    const body = key === undefined ? last : await encrypted(last, server, key)
    return { status: 200, headers: { 'content-type': signedType, vary: 'accept' }, body }
  }

  return declare(form, async (call) => {
    const { request } = call
    const wanted = preferredType(request.header('accept'), [plainType, signedType])
    const server = await authenticate(request)
    if (server === undefined) {
      return wanted === signedType
        ? oauthError(400, 'invalid_request', 'who asks for a signed answer must say who it is')
        : refuse({ kind: 'credentials_missing' })
    }
    const { token } = call.body()
    if (wanted === signedType) return signed(token, server)
    return call.json(200, await introspect(token, server), { headers: { vary: 'accept' } })
  })
}

function encryptionKeyOf({ encryptionKey: key }: ResourceServer): KeyObject | undefined {
  return key && createPublicKey({ key: { ...key }, format: 'jwk' })
}

/** Signed, then encrypted: a nested JWT (RFC 7519, section 5.2). */
function encrypted(
  jwt: string,
  { encryptionKey, encryptionMethod: enc = 'A128CBC-HS256' }: ResourceServer,
  key: KeyObject,
): Promise<string> {
  const { alg = '', kid } = encryptionKey ?? {}
  const header = { alg, enc, cty: 'JWT', ...(kid === undefined ? {} : { kid }) }
  return new CompactEncrypt(Buffer.from(jwt)).setProtectedHeader(header).encrypt(key)
}

interface Form {
  readonly token: string
  readonly token_type_hint?: string
}

const error = (description: string) => ({ description, schema: anything })

const form = {
  method: 'POST',
  path: introspectionPath,
  summary: 'Is this token good? (RFC 7662)',
  description:
    'For resource servers, by their id and secret (`resourceServers` of the configuration). An access ' +
    'token of this server or of another issuer that is accepted here. Ask about every request: an answer ' +
    'that is kept outlives a logout. With `Accept: application/token-introspection+jwt` the answer is a ' +
    'signed JWT (RFC 9701).',
  security: [{ basic: [] }],
  bodyType: 'form',
  body: lenient<Form>({
    token: text(65_536),
    token_type_hint: optional(anyText({ description: 'Changes nothing.' })),
  }),
  responses: {
    200: {
      description:
        'What the token says where it is good and for who asks; otherwise `{"active":false}` and nothing else',
      schema: introspectionBody,
      example: { active: false },
      alsoType: signedType,
    },
    400: error('The request is not good'),
    401: error('The caller is unknown'),
    default: error('What else is wrong'),
    429: error('Too many wrong secrets'),
    503: error('This node cannot say at the moment: ask again'),
  },
} as const
