/**
 * Forward authentication: `/outright/v1/check`, for applications that cannot be changed. A proxy
 * asks here about every request; nginx, Traefik, Caddy and Envoy each by their own convention. It
 * answers from this node's replica, so the first request after a logout is refused.
 */
import type { Failure } from '../../../domain/failure.ts'
import { group } from '../../../settings/schema.ts'
import type { TokenClaims } from '../../../verifier/claims.ts'
import { challenge, unprovenChallenge, type ProofProblem } from '../../../protocol/dpop.ts'
import type { Accepted, Rejection, Verdict } from '../../../verifier/verdict.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners } from '../../problem-response.ts'
import type { Answer, Surface } from '../../surface.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { forwardAuthSchema, type ForwardAuthOptions } from './options.ts'
import {
  checkHeaders,
  checkPath,
  checkQuery,
  isNavigation,
  isUnreadable,
  originalUrl,
  parseCheck,
  wordsIn,
  type Check,
} from './parse.ts'

/** Envoy sends the original method, whichever it is, and appends the original path. */
const paths = [checkPath, `${checkPath}/*`]

export interface ForwardAuthSettings {
  readonly forwardAuth: ForwardAuthOptions
}

export const forwardAuth: OwnModule<ForwardAuthSettings> = defineOwn({
  name: 'forward-auth',
  title: 'Forward authentication',
  options: group<ForwardAuthSettings>({ forwardAuth: forwardAuthSchema }),
  create: createForwardAuth,
})

function createForwardAuth(
  { core }: SurfaceContext,
  { forwardAuth: options }: ForwardAuthSettings,
): Surface {
  const identities = new WeakMap<Accepted, Answer>()

  function handle(call: Parameters<typeof parseCheck>[0]): Answer | Promise<Answer> {
    const check = parseCheck(call, options)
    if (check.isPreflight && options.preflight === 'allow') return { status: 200, headers: blank }
    const [audience] = check.audiences
    const { token, proven } = check
    const verdict =
      proven === undefined
        ? core.check(token, audience)
        : core.proofs.check({ token, proven }, audience)
    // Most tokens were seen before.
    return verdict instanceof Promise
      ? verdict.then((later) => render(check, later))
      : render(check, verdict)
  }

  function render(check: Check, verdict: Verdict): Answer {
    if (!verdict.ok) {
      const { reason, proof = 'missing' } = verdict
      if (reason === 'unproven') return unproven(check, proof, options)
      return refuse(check, isUnreadable(check) ? 'unreadable' : reason, options)
    }
    if (!check.audiences.every((name) => verdict.claims.aud.includes(name))) {
      return refuse(check, 'invalid', options)
    }
    const missing = check.scopes.filter((scope) => !scopesOf(verdict.claims).includes(scope))
    if (missing.length > 0) return insufficientScope(check, missing)
    return identityOf(verdict)
  }

  /** Names are read and checked once for each token: the same verdict comes with every check of it. */
  function identityOf(verdict: Accepted): Answer {
    let answer = identities.get(verdict)
    if (answer === undefined) {
      const headers = identity(verdict, options)
      answer = headers ? { status: 200, headers } : { status: 403, headers: blank }
      identities.set(verdict, answer)
    }
    return answer
  }

  const route = routesWith({
    ...problemManners,
    areParametersLenient: true,
    areEmptyHeadersRead: true,
  })
  return {
    routes: paths.map((path) => route({ ...form, path }, handle)),
    owns: (path) => path === checkPath || path.startsWith(`${checkPath}/`),
    renderFailure,
  }
}

/**
 * nginx turns everything but 2xx, 401 and 403 into a 500, so only those are used; a redirect is
 * made only where the proxy's configuration says that it passes redirects on.
 */
function refuse(
  check: Check,
  reason: Exclude<Rejection, 'unproven'> | 'unreadable',
  options: ForwardAuthOptions,
): Answer {
  if (reason === 'stale') return unknown
  const scheme = schemeOf(check)
  return reason === 'missing'
    ? challenged(check, challenge(scheme, { realm }), options)
    : challenged(
        check,
        challenge(scheme, { realm, error: 'invalid_token', description: describe(reason) }),
        options,
      )
}

/** The token is bound to a key, and the caller has not proved possession of it. */
function unproven(check: Check, proof: ProofProblem, options: ForwardAuthOptions): Answer {
  return challenged(check, challenge('DPoP', { realm, ...unprovenChallenge(proof) }), options)
}

const realm = 'outright'

function schemeOf({ proven }: Check): 'Bearer' | 'DPoP' {
  return proven === undefined ? 'Bearer' : 'DPoP'
}

function challenged(check: Check, text: string, options: ForwardAuthOptions): Answer {
  if (check.redirect && options.loginUrl !== undefined && isNavigation(check)) {
    return { status: 302, headers: { location: loginLocation(check, options.loginUrl, options) } }
  }
  return { status: 401, headers: { ...blank, 'www-authenticate': text } }
}

function describe(reason: 'unreadable' | 'invalid' | 'expired' | 'revoked'): string {
  switch (reason) {
    case 'unreadable':
      return 'The token cannot be read'
    case 'expired':
      return 'The token has expired'
    case 'revoked':
      return 'The token has been revoked'
    case 'invalid':
      return 'The token is not valid'
  }
}

function loginLocation(check: Check, loginUrl: string, options: ForwardAuthOptions): string {
  const location = new URL(loginUrl)
  const url = originalUrl(check.request)
  if (
    url !== undefined &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    options.allowedHosts.includes(url.host)
  ) {
    location.searchParams.set('return_to', url.href)
  }
  return location.href
}

function insufficientScope(check: Check, missing: readonly string[]): Answer {
  const scope = missing.join(' ').replaceAll(/[^\x21\x23-\x5b\x5d-\x7e ]/g, '')
  return {
    status: 403,
    headers: {
      ...blank,
      'www-authenticate': challenge(schemeOf(check), { realm, error: 'insufficient_scope', scope }),
    },
  }
}

/** Set on every answer, so that a caller's own copies of these headers never reach an application. */
const blank: Readonly<Record<string, string>> = {
  'remote-user': '',
  'remote-name': '',
  'remote-email': '',
  'remote-groups': '',
  'outright-session': '',
  'outright-client': '',
}

/**
 * What this node cannot know at the moment is neither good nor bad: no `invalid_token`, with which
 * a client would discard its token, and no redirect to the login page. 503 would be more exact, but
 * nginx turns it into a 500.
 */
const unknown: Answer = {
  status: 401,
  headers: { ...blank, 'www-authenticate': 'Bearer realm="outright"', 'retry-after': '1' },
}

/** Undefined where a name cannot be sent in a header: a part of it may be another person's name. */
function identity(
  { claims, foreign }: Accepted,
  options: ForwardAuthOptions,
): Readonly<Record<string, string>> | undefined {
  // Of another issuer's token, what ends it: products put these names into various claims.
  const { sub, sid, client_id: client } = foreign?.names ?? claims
  const names = {
    'remote-user': sub ?? '',
    'remote-groups': options.groups ? groupsOf(claims) : '',
    'outright-session': sid ?? '',
    'outright-client': client ?? '',
  }
  const headers: Record<string, string> = { ...blank }
  for (const [header, name] of Object.entries(names)) {
    const value = headerValue(name)
    if (value === undefined) return undefined
    headers[header] = value
  }
  return headers
}

function headerValue(name: string): string | undefined {
  if (/^[!-~]*$/.test(name)) return name
  if (/\p{Cc}|^ | $/u.test(name)) return undefined
  // UTF-8, byte for byte (`obs-text`, RFC 9110, section 5.5).
  return Buffer.from(name, 'utf8').toString('latin1')
}

/** What `Remote-Groups` holds at most, in bytes: nginx takes headers of 4 KiB together by default. */
const groupsBytes = 2048

/** The scopes with commas; none where they are too many, because a part of them would be a lie. */
function groupsOf(claims: TokenClaims): string {
  // One that holds a comma would be read as two.
  const groups = scopesOf(claims).filter((name) => !name.includes(','))
  const text = groups.join(',')
  return Buffer.byteLength(text) > groupsBytes ? '' : text
}

function scopesOf(claims: TokenClaims): readonly string[] {
  const { scope } = claims
  return typeof scope === 'string' ? wordsIn(scope) : []
}

function renderFailure(failure: Failure): Answer {
  const problem = problemAnswer(failure)
  if (problem.status === 503) return unknown
  const status = problem.status === 403 ? 403 : 401
  const challenge = { 'www-authenticate': 'Bearer realm="outright"' }
  return { status, headers: status === 401 ? { ...blank, ...challenge } : blank }
}

const form = {
  method: 'GET',
  anyMethod: true,
  summary: 'Is this request authenticated?',
  description:
    'For nginx `auth_request`, Traefik `ForwardAuth`, Caddy `forward_auth` and Envoy `ext_authz`. ' +
    'Every method is answered like GET, since Envoy keeps that of the request it asks about. ' +
    'Envoy appends the original path and query to the path: there the query is not read, and the ' +
    'headers say what the token must have.',
  security: [{ accessToken: [] }],
  query: checkQuery,
  headers: checkHeaders,
  responses: {
    200: { description: 'It is. Identity headers name the subject, session and client.' },
    302: { description: 'With `mode=redirect`, for a browser: to the login page' },
    401: {
      description:
        'No token, or one that is not accepted. With `Retry-After`: this node cannot decide at the moment.',
    },
    403: { description: 'A good token without the scopes asked for.' },
  },
} as const
