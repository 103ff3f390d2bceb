/**
 * `/console/sign-in/start`, `/console/sign-in/callback` and `/console/backchannel-logout`: signing
 * in at the identity provider of the configuration, and being notified that an operator was logged
 * out there.
 */
import { mappedRole, type SignOnSecrets } from '../../../domain/single-sign-on.ts'
import { readForm } from '../../body.ts'
import { ownCookieName, readCookie, type Cookie } from '../../cookie.ts'
import { oauthError } from '../../oauth-error.ts'
import { isSecure } from '../../operator-cookie.ts'
import { signInPath, signOnCallbackPath } from '../../operator-paths.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { againPage } from './pages.ts'
import type { OperatorService, SignOnService } from './service.ts'
import { returnPath, signIn } from './sign-in.ts'
import { wordsFor, type SignOnProblem } from './words.ts'

/** How long a sign-in at the provider may take. */
const AWAY_MS = 600_000
const KIND = 'operator-sign-on'

interface Away extends SignOnSecrets {
  readonly returnTo: string
}

/**
 * `GET /console/sign-in/start?return=…`: to the provider. The browser gets a cookie that names this
 * sign-in; the store keeps its secrets, which are good once.
 */
export async function startSignOn(
  { core, challenges, log }: OperatorService,
  { provider }: SignOnService,
  request: SurfaceRequest,
): Promise<Answer> {
  const returnTo = returnPath(request.query.get('return'))
  await challenges.consume(request.clientAddress)
  const begun = await provider.begin()
  if (begun.kind !== 'begun') {
    log.warn({ requestId: request.requestId, ...begun }, 'single sign-on could not begin')
    return back(begun.kind, returnTo)
  }
  const handle = await core.handles.issue({
    kind: KIND,
    value: { ...begun.kept, returnTo },
    lifetimeMs: AWAY_MS,
  })
  const cookie = awayCookie(request, handle, AWAY_MS / 1000)
  return { status: 303, headers: { location: begun.url }, cookies: [cookie] }
}

/** In the address of the callback: a page of our own has led there. */
const FROM_HERE = 'from-here'

/**
 * `GET /console/sign-in/callback`: back from the provider, in the browser that was sent there. From
 * another site browsers bring no `Strict` cookie, and a session that this one had would stay open:
 * so a page leads to the same address once more, and the answer to that signs in.
 */
export async function finishSignOn(
  service: OperatorService,
  { provider, roles }: SignOnService,
  request: SurfaceRequest,
): Promise<Answer> {
  const { core, log } = service
  const handle = readCookie(request, awayCookieName(request)) ?? ''
  const away = (await core.handles.find(KIND, handle)) as unknown as Away | undefined
  // Looked at before it is used up: a stranger's link does not spoil a sign-in that is on its way.
  if (away === undefined || request.query.get('state') !== away.state) return back('expired')
  if (!request.query.has(FROM_HERE)) {
    const query = new URLSearchParams([...request.query, [FROM_HERE, '']])
    return againPage(wordsFor(request), `${signOnCallbackPath}?${query.toString()}`)
  }
  if (!(await core.handles.take(KIND, handle))) return back('expired')
  const { returnTo } = away
  const failed = (problem: SignOnProblem, reason: string): Answer => {
    log.warn({ requestId: request.requestId, problem, reason }, 'single sign-on failed')
    return { ...back(problem, returnTo), cookies: [awayCookie(request, '', 0)] }
  }
  const done = await provider.finish(request.query, away)
  if (done.kind !== 'done') return failed(done.kind, done.reason)
  const { login } = done
  const outcome = await core.operatorSignOn(login, roles && mappedRole(roles, login.groups))
  // Whom the provider knows by which name is in its own log.
  if (outcome.kind !== 'known') return failed(outcome.kind, 'not an operator of this server')
  const answer = await signIn(service, request, { operator: outcome.operator, login }, returnTo)
  return { ...answer, cookies: [...(answer.cookies ?? []), awayCookie(request, '', 0)] }
}

/**
 * `POST /console/backchannel-logout` (OpenID Connect Back-Channel Logout 1.0, section 2.5), a form
 * with `logout_token`. Answered when the sessions that it names have ended.
 */
export async function hearLogout(
  { core }: OperatorService,
  { provider }: SignOnService,
  request: SurfaceRequest,
): Promise<Answer> {
  const [token, ...others] = readForm(request).getAll('logout_token')
  if (token === undefined || token === '' || others.length > 0) {
    return oauthError(400, 'invalid_request', 'logout_token is not there once')
  }
  const claims = await provider.verifyLogout(token)
  if (typeof claims === 'string') return oauthError(400, 'invalid_request', claims)
  await core.operatorSessions.endLogin({ ...claims, issuer: provider.issuer })
  return { status: 200 }
}

/** To the sign-in page, so that no code stays in the address; it says what went wrong. */
function back(problem: SignOnProblem, returnTo?: string): Answer {
  const query = new URLSearchParams({ problem, ...(returnTo && { return: returnTo }) })
  return { status: 303, headers: { location: `${signInPath}?${query.toString()}` } }
}

/** `Lax`: the provider leads back here from another site. */
function awayCookie(request: SurfaceRequest, value: string, maxAgeSeconds: number): Cookie {
  const secure = isSecure(request)
  const name = awayCookieName(request)
  return { name, value, path: '/', secure, sameSite: 'lax', maxAgeSeconds }
}

function awayCookieName(request: SurfaceRequest): string {
  return ownCookieName('sign-on', isSecure(request))
}
