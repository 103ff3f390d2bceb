import { SignJWT } from 'jose'
import { mintId } from '../../core/mint-id.ts'
import { readForm } from '../../http/body.ts'
import type { Cookie } from '../../http/cookie.ts'
import type { Answer, SurfaceRequest } from '../../http/surface.ts'
import { demoViewer as viewer } from '../../http/dialects/adobe-pass/demo.ts'
import { CALLBACK_PATH } from '../../http/dialects/adobe-pass/index.ts'
import { DEMO_MVPD, type DemoMvpdOptions } from './options.ts'
import { html, type Html } from '../../http/html.ts'
import { htmlPage, messagePage } from './pages.ts'
import { findSession, startSession } from './sessions.ts'

/** What the provider tells programmers about its viewer. */
const metadata = {
  userID: 'viewer',
  householdID: 'demo-household',
  zip: ['12345'],
  maxRating: { MPAA: 'PG-13', VCHIP: 'TV-14' },
  channelID: ['REF30', 'TestStream1', 'TestStream2'],
}
const ASSERTION_SECONDS = 120

/** What the programmer's side asked for. */
interface Ask {
  readonly state: string
  readonly back: string
  readonly requestor: string
}

/** `GET /demo/mvpd/login`: a form; for a viewer who is logged in here, one button. */
export async function showLogin(
  options: DemoMvpdOptions,
  request: SurfaceRequest,
): Promise<Answer> {
  const ask = readAsk(options, request.query)
  if (ask === undefined) return badAsk
  const session = await findSession(options, request)
  return session === undefined ? loginPage(200, ask) : continuePage(ask, session.user)
}

/**
 * `POST /demo/mvpd/login`: with the right password, or a session at the provider, back to the
 * programmer with an assertion. The session's cookie is `SameSite=Lax`, so no other site can press
 * that button.
 */
export async function submitLogin(
  options: DemoMvpdOptions,
  request: SurfaceRequest,
): Promise<Answer> {
  const form = readForm(request)
  const ask = readAsk(options, form)
  if (ask === undefined) return badAsk
  if (form.has('continue')) {
    const session = await findSession(options, request)
    return session === undefined ? loginPage(401, ask) : goBack(options, ask, session.user)
  }
  const right = form.get('user') === viewer.user && form.get('password') === viewer.password
  if (!right) return loginPage(401, ask, true)
  const cookie = await startSession(options, viewer.user)
  return goBack(options, ask, viewer.user, [cookie])
}

async function goBack(
  options: DemoMvpdOptions,
  ask: Ask,
  user: string,
  cookies: readonly Cookie[] = [],
): Promise<Answer> {
  const nowMs = options.clock.nowMs()
  const now = Math.floor(nowMs / 1000)
  const assertion = await new SignJWT({ state: ask.state, metadata })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(DEMO_MVPD)
    .setAudience(options.passUrl)
    .setSubject(user)
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .setJti(mintId(options.random, nowMs))
    .sign(new TextEncoder().encode(options.secret))
  const location = new URL(ask.back)
  location.searchParams.set('state', ask.state)
  location.searchParams.set('assertion', assertion)
  return { status: 303, headers: { location: location.href }, cookies }
}

/** Undefined unless the way back is the dialect's own: assertions go nowhere else. */
function readAsk(options: DemoMvpdOptions, fields: URLSearchParams): Ask | undefined {
  const state = fields.get('state') ?? ''
  const back = fields.get('return') ?? ''
  const requestor = (fields.get('requestor') ?? '').slice(0, 100)
  const isOurs = back === options.passUrl + CALLBACK_PATH
  return isOurs && /^[\w-]{16,64}$/.test(state) ? { state, back, requestor } : undefined
}

function loginPage(status: number, ask: Ask, wrong = false): Answer {
  const content = html`<h1>Log in to watch</h1>
    <p>${ask.requestor} asks who you are.</p>
    ${wrong ? html`<p class="wrong" role="alert">User or password is wrong.</p>` : html``}
    <form method="post" action="login">
      ${hiddenFields(ask)}
      <label for="user">User</label>
      <input id="user" name="user" autocomplete="username" required value="${viewer.user}" />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        placeholder="${viewer.password}"
      />
      <button type="submit">Log in</button>
    </form>
    <p>This is a demo: the password is <code>${viewer.password}</code>.</p>`
  return htmlPage(status, 'Log in', content)
}

function continuePage(ask: Ask, user: string): Answer {
  const content = html`<h1>Continue as ${user}?</h1>
    <p>${ask.requestor} asks who you are. You are logged in here already.</p>
    <form method="post" action="login">
      ${hiddenFields(ask)}
      <button type="submit" name="continue" value="1">Continue</button>
    </form>`
  return htmlPage(200, 'Continue', content)
}

function hiddenFields({ state, back, requestor }: Ask): Html {
  return html`<input type="hidden" name="state" value="${state}" />
    <input type="hidden" name="return" value="${back}" />
    <input type="hidden" name="requestor" value="${requestor}" />`
}

const badAsk = messagePage(
  400,
  'This link is not complete',
  'Take a new code from your TV and start again.',
)
