/** The calls of the authorization code grant, and what ends it. */
import { refuse } from '../../../domain/failure.ts'
import type { Route } from '../../surface.ts'
import {
  anyJson,
  anyText,
  constant,
  count,
  either,
  fields,
  lenient,
  optional,
  orNull,
  repeatable,
  text,
} from '../../schema.ts'
import { authorize, initiate } from './authorize.ts'
import { admit, admitForLogout, findCaller } from './caller.ts'
import { revokeGrants, revokeToken } from './logout.ts'
import { pagePath } from './page.ts'
import { isChallenge, isToken, isVerifier, readBearer } from './parse.ts'
import { consentUrl, grantOf } from './render.ts'
import type { BaanxService } from './service.ts'
import { exchange, type CodeBody, type RefreshBody } from './token.ts'
import {
  browserHeaders,
  clientHeaders as headers,
  ended,
  errors,
  oauthError,
  route,
  tooMany,
  unauthorized,
} from './wire.ts'

/** Two sets of paths, which differ in the token call alone. */
export function grantRoutes(service: BaanxService): readonly Route[] {
  const [old, newer] = ['/v1/auth/oauth', '/v1/auth/oauth2'] as const
  return [
    ...[old, newer].flatMap((base) => [
      initiateRoute(service, base),
      authorizeRoute(service, base),
      tokenRoute(service, base, base === old),
    ]),
    revokeGrantsRoute(service, old),
    revokeTokenRoute(service, newer),
  ]
}

const bearer = [{ bearer: [] }]

const initiateQuery = fields({
  client_key: optional(
    repeatable({ description: 'For browsers, which cannot set `x-client-key`' }),
  ),
  response_type: constant('code', { maxLength: 2048 }),
  client_id: text(2048, { example: 'baanx-demo-oauth' }),
  redirect_uri: text(2048, { example: 'http://127.0.0.1:8080/demo/callback' }),
  state: text(2048, { example: 'af0ifjsldkj' }),
  code_challenge: text(
    2048,
    { example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
    isChallenge,
  ),
  mode: optional(text(2048, { description: '`api`: names the page instead of redirecting' })),
  code_challenge_method: constant('S256', { maxLength: 2048 }),
})

function initiateRoute(service: BaanxService, base: string): Route {
  return route(
    {
      method: 'GET',
      path: `${base}/authorize/initiate`,
      summary: 'Begin an authorization (RFC 6749, section 4.1.1; RFC 7636)',
      description:
        'Redirects the browser to the login page; with `mode=api` names the page instead. A browser that ' +
        'cannot set headers may send the client key as the query parameter `client_key`.',
      headers: browserHeaders,
      query: initiateQuery,
      responses: {
        200: {
          description: 'With `mode=api`',
          schema: fields({ token: anyText(), url: anyText() }),
          example: {
            token: 'q83vEjRW…',
            url: 'https://auth.example/v1/auth/oauth/authorize/page?token=q83vEjRW…',
          },
        },
        302: { description: 'To the login page' },
        400: oauthError('invalid_request', 'Missing required parameter: code_challenge'),
        429: tooMany,
        ...errors,
      },
    },
    async (call) => {
      const { publicUrl, clientAddress } = call.request
      const key =
        call.header('x-client-key') ??
        call.query('client_key') ??
        refuse({ kind: 'client_key_missing' })
      const caller = await findCaller(service, key)
      const query = call.query()
      const token = await initiate(service, caller, query, clientAddress)
      const url = `${publicUrl}${service.context.prefix}${pagePath}?token=${token}`
      return query.mode === 'api'
        ? call.json(200, { token, url })
        : call.empty(302, { headers: { location: url } })
    },
  )
}

function authorizeRoute(service: BaanxService, base: string): Route {
  return route(
    {
      method: 'POST',
      path: `${base}/authorize`,
      summary: 'Consent, for a person who is logged in',
      description: 'The bearer is the token of a login. Issues a code, good for one use.',
      security: bearer,
      headers,
      // The session JWT of the documentation; here an opaque handle.
      body: fields({ token: text(1024) }),
      bodyType: 'json_or_form',
      bodyExample: { token: 'q83vEjRW…' },
      responses: {
        200: {
          description: 'The code',
          schema: fields({ url: anyText(), code: anyText(), state: anyText() }),
          example: {
            url: 'http://127.0.0.1:8080/demo/callback?code=SplxlOBe…&state=af0ifjsldkj',
            code: 'SplxlOBe…',
            state: 'af0ifjsldkj',
          },
        },
        400: oauthError('invalid_request', 'Missing required parameter: token'),
        401: unauthorized,
        ...errors,
      },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const person = await admit(service, caller, readBearer(call.request))
      const consent = await authorize(service, caller, person, call.body('token'))
      const { code, authorization } = consent
      return call.json(200, { url: consentUrl(consent), code, state: authorization.state })
    },
  )
}

const redirectUri = text(2048)
const code = {
  grant_type: constant('authorization_code'),
  code: text(1024),
  code_verifier: text(1024, { description: 'RFC 7636, section 4.1' }, isVerifier),
  client_id: optional(text(2048)),
}
const refresh = lenient<RefreshBody>({
  grant_type: constant('refresh_token'),
  refresh_token: text(1024),
})

/** @param needsRedirectUri False where clients do not send it and PKCE stands for it. */
function tokenRoute(service: BaanxService, base: string, needsRedirectUri: boolean): Route {
  const { grant_type, code: given, ...proofs } = code
  const redirect_uri = needsRedirectUri ? redirectUri : optional(redirectUri)
  return route(
    {
      method: 'POST',
      path: `${base}/token`,
      summary: 'Exchange a code or a refresh token (RFC 6749, sections 4.1.3 and 6)',
      description:
        'JSON or form. A refresh token is used up; the same one again within ten seconds gets the same ' +
        'pair, later it ends the session. On the `oauth2` path `redirect_uri` may be left out.',
      headers,
      body: either(
        lenient<CodeBody>({ grant_type, code: given, redirect_uri, ...proofs }),
        refresh,
      ),
      bodyType: 'json_or_form',
      bodyExamples: {
        code: {
          value: {
            grant_type: 'authorization_code',
            code: 'SplxlOBe…',
            redirect_uri: 'http://127.0.0.1:8080/demo/callback',
            code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
          },
        },
        refresh: { value: { grant_type: 'refresh_token', refresh_token: 'AZqDV0r2c3Sx…' } },
      },
      responses: {
        200: {
          description: 'The pair',
          schema: fields({
            access_token: anyText(),
            expires_in: count(),
            refresh_token: orNull(anyText()),
            refresh_token_expires_in: count(),
          }),
          example: {
            access_token: 'eyJhbGciOiJFUzI1NiJ9…',
            expires_in: 21_600,
            refresh_token: 'AZqDV0r2c3Sx…',
            refresh_token_expires_in: 15_897_600,
          },
        },
        400: oauthError('invalid_grant'),
        ...errors,
      },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const tokens = await exchange(service, caller, call.body(), call.request)
      const grant = grantOf(tokens, service.settings, service.context.clock.nowMs())
      return call.json(200, grant, { headers: { pragma: 'no-cache' } })
    },
  )
}

function revokeGrantsRoute(service: BaanxService, base: string): Route {
  return route(
    {
      method: 'DELETE',
      path: `${base}/revoke`,
      summary: 'End every token of an OAuth client for this person',
      description:
        'With the token of a login, does so for every OAuth client of the application. The login stays.',
      security: bearer,
      headers,
      responses: { 200: ended, 401: unauthorized, ...errors },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const { waitForConfirmation: wait } = call.request
      const person = await admitForLogout(service, caller, readBearer(call.request), wait)
      const receipt = await revokeGrants(service, caller, person, wait)
      return call.json(200, { success: true }, receipt && { receipt })
    },
  )
}

function revokeTokenRoute(service: BaanxService, base: string): Route {
  return route(
    {
      method: 'POST',
      path: `${base}/revoke`,
      summary: 'End one access or refresh token and its sibling (RFC 7009)',
      description:
        'JSON or form, without a bearer. A token that is not known is answered with 200.',
      headers,
      body: fields({
        // What cannot be a token, `Bearer …` say, is refused: one that is not known is answered with
        // 200, and the client would take the one that it meant for ended.
        token: text(8192, {}, isToken),
        token_hint: optional(
          anyJson({ description: '`access_token` or `refresh_token`; a token shows what it is' }),
        ),
      }),
      bodyType: 'json_or_form',
      bodyExample: { token: 'AZqDV0r2c3Sx…', token_hint: 'refresh_token' },
      responses: {
        200: ended,
        400: oauthError('invalid_request', 'Missing required parameter: token'),
        ...errors,
      },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const token = call.body('token').trim()
      const receipt = await revokeToken(service, caller, token, call.request.waitForConfirmation)
      return call.json(200, { success: true }, receipt && { receipt })
    },
  )
}
