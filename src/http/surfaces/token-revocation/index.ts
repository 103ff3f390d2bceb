/**
 * OAuth 2.0 Token Revocation (RFC 7009): `POST /oauth2/revoke`, with the token itself. It owns the
 * form of the request and its answers. It takes refresh tokens of this server, and access tokens of
 * this server and of every other issuer that is accepted here.
 */
import { decodeProtectedHeader } from 'jose'
import type { Receipt } from '../../../domain/receipt.ts'
import { refuse } from '../../../domain/failure.ts'
import { createClientAuthentication } from '../../client-authentication.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { oauthError, oauthFailure, refuseForm } from '../../oauth-error.ts'
import { anything, anyText, lenient, optional, text } from '../../schema.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'
import { revocationPath } from '../../token-endpoints.ts'

export const tokenRevocation: OwnModule<object> = definePlain({
  name: 'token-revocation',
  title: 'OAuth 2.0 Token Revocation',
  create: (context) => ({
    routes: [revokeRoute(context)],
    owns: (path) => path === revocationPath,
    renderFailure: oauthFailure,
  }),
})

const declare = routesWith({ refuse: refuseForm })

/** Of whose token it is, and how it ends. */
interface Found {
  /** Undefined: the token names none. */
  readonly client: string | undefined
  end(actor: string, wait: boolean): Promise<Receipt>
}

/**
 * `POST /oauth2/revoke` (section 2.1), a form with `token`, what the client authenticates with, and
 * perhaps `token_type_hint`, which changes nothing: the token is looked for among all kinds.
 *
 * 1. The client. One that has a secret here proves it: 401 `invalid_client`. Any other is public and
 *    names itself: who holds an access token may end it, so there is no secret to ask for.
 * 2. Repeated and missing parameters: 400 `invalid_request`.
 * 3. A token that no verifier accepts: 200, there is nothing to end (section 2.2); a JWT of a kind
 *    that does not end by this: 400 `unsupported_token_type`. One that has expired is not such a
 *    token: where it has, this clock says, and a guard's may not.
 * 4. The token must be the client's own: 400 `invalid_grant` otherwise, and the token stays good.
 * 5. The token ends, a refresh token with all that was issued beside it, and the answer waits for
 *    every verifier.
 *
 * 503 where it cannot be verified, stored or confirmed: the token still exists (section 2.2.1).
 */
function revokeRoute(context: SurfaceContext): Route {
  const authenticate = createClientAuthentication(context)
  return declare(form, async (call) => {
    const caller = await authenticate(call.request)
    const token = withoutScheme(call.body().token)
    const found = (await findRefreshToken(context, token)) ?? (await findAccess(context, token))
    if (found === undefined) {
      return isOfAnotherType(token) || (await context.core.readIdToken(token)) !== undefined
        ? oauthError(400, 'unsupported_token_type', 'tokens of this type do not end by this call')
        : { status: 200 }
    }
    if (found.client !== undefined && found.client !== caller?.id) {
      return oauthError(400, 'invalid_grant', 'the token was issued to another client')
    }
    const actor = caller === undefined ? 'token' : `client:${caller.id}`
    return { status: 200, receipt: await found.end(actor, call.request.waitForConfirmation) }
  })
}

/**
 * As it stands in `Authorization`, or with white space around it, it is the token within that is
 * meant: with 200 the client would take that one for ended.
 */
function withoutScheme(token: string): string {
  return token.trim().replace(/^(?:Bearer|DPoP) +/i, '')
}

const reason = 'revoked_by_client'

async function findRefreshToken(
  { core }: SurfaceContext,
  token: string,
): Promise<Found | undefined> {
  const session = await core.sessions.findByRefreshToken(token)
  return (
    session && {
      client: session.clientId,
      async end(actor, wait) {
        return (await core.revokeRefreshToken(session, { reason, actor, wait })).receipt
      },
    }
  )
}

async function findAccess({ core }: SurfaceContext, token: string): Promise<Found | undefined> {
  const recognized = await core.recognizeAny(token)
  if (recognized === 'stale') return refuse({ kind: 'stale' })
  if (typeof recognized === 'string') return undefined
  return {
    client: recognized.client,
    async end(actor, wait) {
      return (await core.revokeToken(recognized, { reason, actor, wait })).receipt
    },
  }
}

/** Types of JWTs that are access tokens somewhere. */
const accessTypes = ['at+jwt', 'application/at+jwt', 'jwt']

/** Whether a token that is not good says that it is another kind of JWT: a logout token, a receipt. */
function isOfAnotherType(token: string): boolean {
  try {
    const { typ } = decodeProtectedHeader(token)
    return typ !== undefined && !accessTypes.includes(typ.toLowerCase())
  } catch {
    return false
  }
}

interface Form {
  readonly token: string
  readonly token_type_hint?: string
  readonly client_id?: string
  readonly client_secret?: string
}

const error = (description: string) => ({ description, schema: anything })

const form = {
  method: 'POST',
  path: revocationPath,
  summary: 'Revoke a token (RFC 7009)',
  description:
    'A refresh token of this server, or an access token of this server or of another issuer that is ' +
    'accepted here. Answered when no verifier accepts it. The client is the one that the token was issued ' +
    'to; it authenticates where it has a secret here.',
  security: [{ basic: [] }, {}],
  bodyType: 'form',
  body: lenient<Form>({
    token: text(65_536),
    token_type_hint: optional(anyText({ description: 'Changes nothing.' })),
    client_id: optional(anyText()),
    client_secret: optional(anyText()),
  }),
  responses: {
    200: { description: 'It has ended, everywhere; or there was nothing to end' },
    400: error('The request is not good, or the token is another client’s'),
    401: error('The client is not who it says'),
    default: error('What else is wrong'),
    429: error('Too many wrong secrets'),
    503: error('It could not be verified, stored or confirmed: the token still exists'),
  },
} as const
