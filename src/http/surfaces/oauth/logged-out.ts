/**
 * `/logged-out`: says that a logout is done. For clients that registered for OpenID Connect
 * Front-Channel Logout 1.0, it loads their addresses in hidden frames and then leads on. This is
 * best effort: browsers withhold cookies from frames of other sites, and no answer comes back. The
 * logout itself was confirmed before the browser came here.
 */
import { defined } from '../../../domain/defined.ts'
import { noticePage } from '../../form-page.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { formPage } from '../../form-page.ts'
import { isolated } from '../../../protocol/isolated.ts'
import { html } from '../../html.ts'
import { oauthClientOf } from '../../oauth-client.ts'
import { originOf, withParameters } from '../../redirect-uri.ts'
import { loggedOutWords } from './logged-out-words.ts'
import { findSignOn } from './browser.ts'
import { devicesPath } from './devices/page.ts'
import type { OAuthService } from './service.ts'
import { wordsFor, type Words } from './words.ts'

export const loggedOutPath = '/logged-out'
export const leadOnPath = '/logged-out/continue.js'

const LOGGED_OUT = 'oauth-logged-out'

/** For how long the page may be loaded again. */
const PAGE_KEPT_MS = 5 * 60_000

/** The most clients that the browser notifies of one logout. */
const FRAMES = 32

/** A logout that is done. */
export interface Done {
  readonly sids: readonly string[]
  /** Where its client wants the person, with the state. */
  readonly next?: string
}

/** Where a person goes whose sessions have ended: to the client, by way of a page or at once. */
export async function afterLogout(service: OAuthService, done: Done): Promise<string> {
  if ((await framesOf(service, done)).length === 0) return done.next ?? loggedOutPath
  const { sids, next } = done
  const handle = await service.core.handles.issue({
    kind: LOGGED_OUT,
    value: { sids, ...defined({ next }) },
    lifetimeMs: PAGE_KEPT_MS,
  })
  return `${loggedOutPath}?logout=${handle}`
}

/**
 * `GET /logged-out`. After another login, by the way back or an old link, it would be untrue: the
 * person is led to their devices.
 */
export async function showLoggedOut(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  const words = wordsFor(request)
  const handle = request.query.get('logout')
  const found = handle ? await service.core.handles.find(LOGGED_OUT, handle) : undefined
  const done: Done = found === undefined ? { sids: [] } : (found as unknown as Done)
  const frames = await framesOf(service, done)
  if (frames.length > 0) return framesPage(words, frames, done.next)
  if (done.next !== undefined) {
    return { status: 303, headers: { location: done.next, 'referrer-policy': 'no-referrer' } }
  }
  const signOn = await findSignOn(service, request)
  return signOn === undefined
    ? noticePage(200, words, words.loggedOut, words.loggedOutText)
    : { status: 303, headers: { location: devicesPath } }
}

interface Frame {
  readonly clientName: string
  readonly url: string
  readonly origin: string
}

/**
 * The frames of all clients that were in the sessions, also of those that left before: a second
 * notification does no harm.
 */
async function framesOf({ core, issuer }: OAuthService, { sids }: Done): Promise<readonly Frame[]> {
  const frames: Frame[] = []
  for (const sid of sids) {
    const status = await core.sessions.status(sid)
    for (const { session } of status?.participants ?? []) {
      const found = await core.clients.find({ by: 'id', value: session.clientId })
      // Browsers are led to a disabled client no more, in frames either.
      const client = found?.status === 'disabled' ? undefined : oauthClientOf(found)
      const uri = client?.metadata.frontchannel_logout_uri
      const origin = uri && originOf(uri)
      if (client === undefined || !uri || !origin) continue
      const isNamed = client.metadata.frontchannel_logout_session_required === true
      const url = isNamed ? withParameters(uri, { iss: issuer, sid }) : uri
      if (!frames.some((known) => known.url === url)) {
        frames.push({ clientName: client.name, url, origin })
      }
    }
  }
  return frames.slice(0, FRAMES)
}

/** Leads on once every frame has loaded, or after five seconds. The link does so without it. */
const leadOn = `const go = () => location.replace(document.getElementById('next').href)
setTimeout(go, 5000)
addEventListener('load', go)
`

/** `GET /logged-out/continue.js`. */
export function showLeadOn(): Promise<Answer> {
  const headers = { 'content-type': 'text/javascript; charset=utf-8' }
  return Promise.resolve({ status: 200, headers, body: leadOn })
}

function framesPage(words: Words, frames: readonly Frame[], next: string | undefined): Answer {
  const own = loggedOutWords[words.lang]
  const names = [...new Set(frames.map(({ clientName }) => clientName))]
  const origins = [...new Set(frames.map(({ origin }) => origin))]
  // What runs in them may end its own session, and lead this page nowhere.
  const sandbox = 'allow-scripts allow-same-origin'
  const parts = [
    html`<p>${own.done}</p>
      <p>${own.asked}</p>
      <ul>
        ${names.map((name) => html`<li>${isolated(name)}</li>`)}
      </ul>
      <p>${own.unknown}</p>`,
    ...frames.map(
      ({ url }) =>
        html`<iframe
          hidden
          src="${url}"
          sandbox="${sandbox}"
          referrerpolicy="no-referrer"
        ></iframe>`,
    ),
    next === undefined
      ? html`<p>${words.loggedOutText}</p>`
      : html`<p><a id="next" href="${next}">${own.goOn}</a></p>`,
  ]
  return formPage(200, words, words.loggedOut, ["'none'"], parts, {
    frames: origins,
    ...(next === undefined ? {} : { script: { path: leadOnPath } }),
  })
}
