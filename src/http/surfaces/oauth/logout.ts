/**
 * `/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0): a client sends a person here to be
 * logged out, here and at every other client. The answer waits until no verifier accepts what was
 * logged out, like every logout; deliveries notify clients with a `backchannel_logout_uri`.
 */
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import { noticePage } from '../../form-page.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { refuseOtherPages } from '../../own-origin.ts'
import { oauthClientOf } from '../../oauth-client.ts'
import { withParameters } from '../../redirect-uri.ts'
import { endSession, findSignOn, forgetSignOn, hasBrowserCookie, lastSignOn } from './browser.ts'
import { afterLogout } from './logged-out.ts'
import { logoutPath } from './metadata.ts'
import { logoutPage } from './pages.ts'
import type { OAuthService } from './service.ts'
import { wordsFor } from './words.ts'

const LOGOUT = 'oauth-logout'

const HINT = 'oauth-logout-hint'
const HINT_KEPT_MS = 60_000
/** The parameter that names a stored hint, which came in a form. */
const KEPT_HINT = 'kept_hint'

/** Where a person goes afterwards. */
interface Target {
  readonly redirectUri?: string
  readonly state?: string
}

/** What a page has asked about: what it ends is stored here, and not in the form (logout CSRF). */
interface Question extends Target {
  readonly sessions: readonly { readonly sid: string; readonly subjectId: string }[]
}

/**
 * 1. A hint that this server did not sign, a client that is not the hint's, and a URI that is not the
 *    client's: a page, and nothing else (section 4).
 * 2. A form that came without the cookies of its browser comes again as a GET.
 * 3. The hint names the session of this browser: it ends, and the person goes where the client wants.
 * 4. A person is logged in, or the hint's session is alive: the person is asked first.
 * 5. Otherwise it has ended or expired already. It ends all the same, since the clock here may be
 *    ahead, and the answer waits until that is true at every verifier.
 */
export async function logout(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const parameters = request.method === 'POST' ? readForm(request) : request.query
  if (new Set(parameters.keys()).size !== [...parameters.keys()].length) {
    return refuse({ kind: 'malformed_request', reason: 'a parameter is there more than once' })
  }
  if (request.method === 'POST' && parameters.has('confirmation')) {
    return confirmLogout(service, request, parameters)
  }
  if (parameters.has('refresh_token')) {
    // As programs log out elsewhere: a page that says "logged out" would not be true of that token.
    const reason = 'is ended at the revocation endpoint'
    return refuse({ kind: 'invalid_parameter', parameter: 'refresh_token', reason })
  }
  const given = (name: string): string | undefined => parameters.get(name) || undefined
  const hint = await readHint(service, parameters)
  const clientId = hint?.audience ?? given('client_id')
  const target = await targetOf(service, clientId, parameters)
  if (request.method === 'POST' && !hasBrowserCookie(service, request)) {
    return bringByGet(service, parameters, hint)
  }
  const signOn = await findSignOn(service, request)
  if (hint !== undefined && hint.sid === signOn?.sid) {
    return leave(service, request, { ...target, sessions: [signOn] })
  }
  const hinted = hint && (await service.core.sessions.status(hint.sid))?.state
  const isHintLive = hint !== undefined && hinted === 'live'
  if (signOn === undefined && !isHintLive) {
    const last = await lastSignOn(service, request)
    // What has ended may still be accepted somewhere: the answer waits for that, too.
    const ended = [...(last ? [last] : []), ...(hint && hinted !== undefined ? [hint] : [])]
    // Without a hint it is not certain that this is the client's person (section 2).
    return leave(service, request, { ...(hint === undefined ? {} : target), sessions: ended })
  }
  const isOwn = signOn === undefined || signOn.subjectId === hint?.subjectId
  const sessions = [
    ...(signOn === undefined ? [] : [{ sid: signOn.sid, subjectId: signOn.subjectId }]),
    ...(isHintLive && isOwn ? [{ sid: hint.sid, subjectId: hint.subjectId }] : []),
  ]
  const confirmation = await service.core.handles.issue({
    kind: LOGOUT,
    value: { ...target, sessions },
    lifetimeMs: service.options.loginLifetimeMs,
  })
  return logoutPage(wordsFor(request, given('ui_locales')), confirmation, target.redirectUri)
}

type Hint = NonNullable<Awaited<ReturnType<OAuthService['core']['readIdToken']>>>

/** Of the ID token, or of one that came by a form a moment ago. */
async function readHint(
  { core }: OAuthService,
  parameters: URLSearchParams,
): Promise<Hint | undefined> {
  const [token, kept] = [parameters.get('id_token_hint'), parameters.get(KEPT_HINT)]
  if (!token && !kept) return undefined
  const hint = token
    ? await core.readIdToken(token)
    : ((await core.handles.find(HINT, kept ?? '')) as unknown as Hint | undefined)
  if (hint === undefined) {
    const parameter = 'id_token_hint'
    return refuse({
      kind: 'invalid_parameter',
      parameter,
      reason: 'not an ID token of this server',
    })
  }
  const clientId = parameters.get('client_id') || hint.audience
  if (clientId !== hint.audience) {
    return refuse({ kind: 'invalid_parameter', parameter: 'client_id', reason: 'not the hint’s' })
  }
  return hint
}

/**
 * A form of another site comes without the cookies that the browser has here. They come with the
 * GET to which this leads; the ID token stays out of its address.
 */
async function bringByGet(
  { core }: OAuthService,
  parameters: URLSearchParams,
  hint: Hint | undefined,
): Promise<Answer> {
  const query = new URLSearchParams()
  for (const name of ['client_id', 'post_logout_redirect_uri', 'state', 'ui_locales']) {
    const value = parameters.get(name)
    if (value) query.set(name, value)
  }
  if (hint !== undefined) {
    const { sid, subjectId, audience } = hint
    const value = { sid, subjectId, audience }
    const handle = await core.handles.issue({ kind: HINT, value, lifetimeMs: HINT_KEPT_MS })
    query.set(KEPT_HINT, handle)
  }
  const headers = {
    location: `${logoutPath}?${query.toString()}`,
    'referrer-policy': 'no-referrer',
  }
  return { status: 303, headers }
}

/** The very string that the client is registered with, or nothing. */
async function targetOf(
  { core }: OAuthService,
  clientId: string | undefined,
  parameters: URLSearchParams,
): Promise<Target> {
  const redirectUri = parameters.get('post_logout_redirect_uri') || undefined
  if (redirectUri === undefined) return {}
  const found = clientId && (await core.clients.find({ by: 'id', value: clientId }))
  const client = found ? oauthClientOf(found) : undefined
  if (client?.metadata.post_logout_redirect_uris?.includes(redirectUri) !== true) {
    const parameter = 'post_logout_redirect_uri'
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'not registered' })
  }
  // No redirect leads to it any more; the logout itself is valid.
  if (found && found.status === 'disabled') return {}
  const state = parameters.get('state') || undefined
  return { redirectUri, ...defined({ state }) }
}

/** The answer of the page that asks. Its handle is good until it was obeyed. */
async function confirmLogout(
  service: OAuthService,
  request: SurfaceRequest,
  form: URLSearchParams,
): Promise<Answer> {
  refuseOtherPages(request)
  const { handles } = service.core
  const confirmation = form.get('confirmation') ?? ''
  const question = await handles.find(LOGOUT, confirmation)
  if (question === undefined) return refuse({ kind: 'not_found' })
  if (form.get('decision') === 'logout') {
    const { sessions, ...target } = question as unknown as Question
    const signOn = await findSignOn(service, request)
    // Another login may have been made here since the page was shown: it is left as well.
    const asked = sessions.filter(({ sid }) => sid !== signOn?.sid)
    const sessionsNow = signOn ? [...asked, signOn] : asked
    const answer = await leave(service, request, { ...target, sessions: sessionsNow })
    // Only now: where it could not be ended, the same page may be sent again.
    await handles.take(LOGOUT, confirmation)
    return answer
  }
  await handles.take(LOGOUT, confirmation)
  const words = wordsFor(request)
  return noticePage(200, words, words.stillIn, words.nothingChanged)
}

/** Ends the sessions, everywhere, and leads away. */
async function leave(
  service: OAuthService,
  request: SurfaceRequest,
  { sessions, redirectUri, state }: Question,
): Promise<Answer> {
  let receipt: Receipt | undefined
  for (const session of sessions) {
    receipt = await endSession(service, session, request.waitForConfirmation)
  }
  const isBare = redirectUri === undefined || state === undefined
  const next = isBare ? redirectUri : withParameters(redirectUri, { state })
  // The browser notifies clients only of confirmed logouts.
  const sids = request.waitForConfirmation ? sessions.map(({ sid }) => sid) : []
  const location = await afterLogout(service, { sids, ...defined({ next }) })
  return {
    status: 303,
    headers: { location, 'referrer-policy': 'no-referrer' },
    cookies: forgetSignOn(service, request),
    ...defined({ receipt }),
  }
}
