import { Refusal } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import { singleParameter } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'
import type { ForwardAuthOptions } from './options.ts'

/** The request that a proxy asks about. */
export interface Check {
  /** Undefined where the original request has no token, or one that cannot be read. */
  readonly token: string | undefined
  readonly audience: string | undefined
  /** Scopes that the token must all have. */
  readonly scopes: readonly string[]
  /** The proxy passes redirects on, so browsers may be sent to the login page. */
  readonly redirect: boolean
  readonly isPreflight: boolean
  /** A person's browser that navigates, not a script that calls. */
  readonly isNavigation: boolean
  readonly originalUrl: URL | undefined
}

/**
 * Reads what nginx, Traefik, Caddy and Envoy send. The `X-Forwarded-…` and `X-Original-…` headers
 * only choose between 401 and a redirect, and the redirect's host is checked: they never let
 * anybody in.
 */
export function parseCheck(request: DialectRequest, options: ForwardAuthOptions): Check {
  const method =
    request.header('x-original-method') ?? request.header('x-forwarded-method') ?? request.method
  return {
    token: bearer(request) ?? cookie(request, options.cookieName),
    audience: singleParameter(request.query, 'audience'),
    scopes: (singleParameter(request.query, 'scope') ?? '').split(' ').filter((s) => s !== ''),
    redirect: singleParameter(request.query, 'mode') === 'redirect',
    isPreflight:
      method === 'OPTIONS' && request.header('access-control-request-method') !== undefined,
    isNavigation:
      (method === 'GET' || method === 'HEAD') &&
      (request.header('sec-fetch-mode') === 'navigate' ||
        (request.header('accept') ?? '').includes('text/html')),
    originalUrl: originalUrl(request),
  }
}

function bearer(request: DialectRequest): string | undefined {
  try {
    const authorization = readAuthorization(request)
    return authorization?.scheme === 'bearer' ? authorization.token : undefined
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

function cookie(request: DialectRequest, name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  for (const pair of (request.header('cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

function originalUrl(request: DialectRequest): URL | undefined {
  const whole = request.header('x-original-url')
  if (whole !== undefined) return URL.parse(whole) ?? undefined
  const protocol = request.header('x-forwarded-proto')
  const host = request.header('x-forwarded-host')
  const path = request.header('x-forwarded-uri') ?? request.header('x-original-uri') ?? '/'
  if (protocol === undefined || host === undefined || !path.startsWith('/')) return undefined
  return URL.parse(`${protocol}://${host}${path}`) ?? undefined
}
