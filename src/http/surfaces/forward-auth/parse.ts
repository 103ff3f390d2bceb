import type { ShownToken } from '../../../core/proofs.ts'
import { isToken68, sentBearer } from '../../authorization.ts'
import { readCookie } from '../../cookie.ts'
import type { Call } from '../../declared-route.ts'
import type { Responses } from '../../responses.ts'
import { anyText, lenient, optional, text, type Schema } from '../../schema.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { boundToken } from '../../shown-token.ts'
import type { ForwardAuthOptions } from './options.ts'

/** The request that a proxy asks about. */
export interface Check {
  /** As it was sent; undefined where the original request has no token. */
  readonly token: string | undefined
  /** With the proof of its key, where it was sent as `DPoP`. */
  readonly proven?: NonNullable<ShownToken['proven']>
  /** What `aud` must contain, all of it. */
  readonly audiences: readonly string[]
  /** Scopes that the token must all have. */
  readonly scopes: readonly string[]
  /** The proxy passes redirects on, so browsers may be sent to the login page. */
  readonly redirect: boolean
  readonly isPreflight: boolean
  /** What was sent, for what matters to a refusal alone. */
  readonly request: SurfaceRequest
}

/** What the proxy's configuration asks for. */
interface CheckQuery {
  readonly audience?: string
  readonly scope?: string
  readonly mode?: string
}

export const checkQuery: Schema<CheckQuery> = lenient<CheckQuery>({
  audience: optional(text(2048, { description: 'What `aud` must contain' })),
  scope: optional(text(2048, { description: 'Scopes that the token must have, with spaces' })),
  mode: optional(
    text(2048, { description: '`redirect` where the proxy passes redirects on to browsers' }),
  ),
})

interface CheckHeaders {
  readonly 'outright-audience'?: string
  readonly 'outright-scope'?: string
}

/** An empty audience is one that no token has. */
export const checkHeaders: Schema<CheckHeaders> = lenient<CheckHeaders>({
  'outright-audience': optional(anyText({ description: 'As `audience`, for Envoy' })),
  'outright-scope': optional(anyText({ description: 'As `scope`, for Envoy' })),
})

/** Where the proxies ask. Envoy appends the original path, and the original query with it. */
export const checkPath = '/outright/v1/check'

/**
 * Reads what nginx, Traefik, Caddy and Envoy send.
 *
 * What must hold is in the query, which the proxy's configuration wrote. Behind Envoy the query is
 * the caller's, who might as well search for `?scope=…`: there it is in headers, which can only ask
 * for more. The `X-Forwarded-…` and `X-Original-…` headers choose between 401 and a redirect, whose
 * host is checked, and tell a preflight.
 */
export function parseCheck(
  call: Call<CheckQuery, undefined, Responses, CheckHeaders>,
  options: ForwardAuthOptions,
): Check {
  const { request } = call
  const query: CheckQuery = request.path === checkPath ? call.query() : {}
  const audiences = [query.audience, call.header('outright-audience')]
  const method = originalMethod(request)
  const { cookieName } = options
  const sent = sentBearer(request)
  // Only where something else would take its place has it to be known now whether it can be read.
  const bearer = cookieName === undefined || isToken68(sent ?? '') ? sent : undefined
  const bound = bearer === undefined ? boundToken(request) : undefined
  const token =
    bearer ?? bound ?? (cookieName === undefined ? undefined : readCookie(request, cookieName))
  return {
    token,
    ...(bound === undefined
      ? {}
      : {
          proven: {
            proof: request.header('dpop'),
            method: method ?? '',
            url: provenUrl(request, options),
          },
        }),
    audiences: audiences.filter((name) => name !== undefined),
    scopes: [...wordsIn(query.scope), ...wordsIn(call.header('outright-scope'))],
    redirect: query.mode === 'redirect',
    isPreflight:
      method === 'OPTIONS' && request.header('access-control-request-method') !== undefined,
    request,
  }
}

/** What stands between spaces, as in a scope. */
export function wordsIn(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(' ').filter((word) => word !== '')
}

/** What was sent as a token is malformed. */
export function isUnreadable({ token, request }: Check): boolean {
  if (token !== undefined && isToken68(token)) return false
  return /^(?:bearer|dpop)\s+\S/i.test(request.header('authorization') ?? '')
}

/** A person's browser that navigates, not a script that calls. */
export function isNavigation({ request }: Check): boolean {
  const method = originalMethod(request)
  return (
    (method === 'GET' || method === 'HEAD') &&
    (request.header('sec-fetch-mode') === 'navigate' ||
      (request.header('accept') ?? '').includes('text/html'))
  )
}

/**
 * Undefined where the headers do not agree: a proxy sets one of them, and passes on the other one
 * as its caller wrote it, who must not turn a request into a preflight that needs no token.
 */
function originalMethod(request: SurfaceRequest): string | undefined {
  const forwarded = request.header('x-forwarded-method')
  // Envoy keeps the method, and so does a call without a proxy.
  const method = request.header('x-original-method') ?? forwarded ?? request.method
  if (forwarded !== undefined && forwarded !== method) return undefined
  return request.path === checkPath || request.method === method ? method : undefined
}

/**
 * The URL that a proof must be for; undefined where it is ambiguous which was called. A proxy sets
 * some of these headers and passes the others on as its caller wrote them, who must not choose the
 * URL of a proof that was made for another request: so all of them have to agree, and the host has
 * to be one that the configuration names.
 */
function provenUrl(
  request: SurfaceRequest,
  { allowedHosts }: ForwardAuthOptions,
): string | undefined {
  const url = originalUrl(request)
  if (url === undefined || !allowedHosts.includes(url.host)) return undefined
  const { protocol, host, href } = url
  const said: readonly (readonly [name: string, fits: (value: string) => boolean])[] = [
    ['x-forwarded-proto', (value) => `${value}:` === protocol],
    ['x-forwarded-host', (value) => URL.parse(`${protocol}//${value}`)?.host === host],
    ['x-forwarded-uri', (value) => URL.parse(value, href)?.href === href],
    ['x-original-uri', (value) => URL.parse(value, href)?.href === href],
  ]
  const agrees = said.every(([name, fits]) => {
    const value = request.header(name)
    return value === undefined || fits(value)
  })
  return agrees ? href : undefined
}

/** What a proxy says was called. */
export function originalUrl(request: SurfaceRequest): URL | undefined {
  const whole = request.header('x-original-url')
  if (whole !== undefined) return URL.parse(whole) ?? undefined
  const protocol = request.header('x-forwarded-proto')
  const host = request.header('x-forwarded-host')
  const path = request.header('x-forwarded-uri') ?? request.header('x-original-uri') ?? '/'
  if (protocol === undefined || host === undefined || !path.startsWith('/')) return undefined
  return URL.parse(`${protocol}://${host}${path}`) ?? undefined
}
