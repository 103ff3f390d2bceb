/**
 * What a browser holds: two cookies, each the handle of something that is kept here. One is the
 * sign-on session; the other ties the pages of a login to the browser in which it began, so that no
 * person is led through a login that an attacker began.
 */
import { timingSafeEqual } from 'node:crypto'
import { cameFrom } from '../../came-from.ts'
import { ownClients, type Subject } from '../../../domain/identity.ts'
import type { Passkey } from '../../../domain/passkey.ts'
import { isLoginLive } from '../../../domain/session.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import { digest } from '../../../core/handles.ts'
import { ownCookieName, readCookie, type Cookie } from '../../cookie.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { OAUTH } from '../../oauth-client.ts'
import type { LoginFacts, LoginMethod } from './login-method.ts'
import type { OAuthService } from './service.ts'
import { browserStateCookies } from './session-state.ts'

/** The first participant of every session that is opened here: the browser that logged in. */
export const SIGN_ON_CLIENT: string = ownClients.signOn

const SIGN_ON = 'oauth-sign-on'

/** A person who is logged in at this server, in one browser. */
export interface SignOn extends LoginFacts {
  readonly sid: string
  readonly subjectId: string
  /** Where a passkey made a login that was there fresh again: which, and what counted before. */
  readonly renewal?: { readonly passkeyId: string; readonly before: Renewed }
}

type Renewed = Pick<LoginFacts, 'authTimeMs' | 'method'>

/** The sign-on session of a browser; undefined where there is none, or it has ended. */
export async function findSignOn(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<SignOn | undefined> {
  const signOn = await signOnOf(service, request, 'find')
  const status = signOn && (await service.core.sessions.status(signOn.sid))
  return isLoginLive(status) ? withoutRemovedPasskey(service, signOn) : undefined
}

/** A passkey that is removed made nothing fresh: what counted before it counts again. */
async function withoutRemovedPasskey(
  { core }: OAuthService,
  signOn: SignOn | undefined,
): Promise<SignOn | undefined> {
  if (signOn?.renewal === undefined) return signOn
  const { sid, subjectId, renewal } = signOn
  const isHeld = (await core.passkeys.find(renewal.passkeyId)) !== undefined
  return isHeld ? signOn : { sid, subjectId, ...renewal.before }
}

/** What a browser was signed on by last, also where it has ended or expired since. */
export function lastSignOn(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<SignOn | undefined> {
  return signOnOf(service, request, 'findExpired')
}

async function signOnOf(
  service: OAuthService,
  request: SurfaceRequest,
  find: 'find' | 'findExpired',
): Promise<SignOn | undefined> {
  const handle = readCookie(request, cookieName(service, 'session'))
  if (handle === undefined) return undefined
  return (await service.core.handles[find](SIGN_ON, handle)) as unknown as SignOn | undefined
}

/** A person who has proved who they are. */
export interface Proved {
  readonly subject: Subject
  /** The passkey that has signed; undefined where a password was checked. */
  readonly passkey?: Passkey
}

export interface SignedOn {
  readonly signOn: SignOn
  readonly cookies: readonly Cookie[]
}

/**
 * Signs on an authenticated person. A person who has a session in this browser keeps it; another
 * person's ends before the new one begins.
 *
 * @throws {Refusal} `account_disabled`, `credentials_invalid` where the password was changed or the
 *   passkey removed meanwhile, `store_unavailable`.
 */
export async function signOn(
  service: OAuthService,
  request: SurfaceRequest,
  proved: Proved,
): Promise<SignedOn> {
  const { subject, passkey } = proved
  const method: LoginMethod = passkey === undefined ? 'password' : 'passkey'
  const { core, clock, options } = service
  const before = await findSignOn(service, request)
  const isSame = before?.subjectId === subject.id
  if (before !== undefined && !isSame) await endSession(service, before, true)
  const sid = isSame ? before.sid : await openSession(service, request, proved)
  const facts = { sid, subjectId: subject.id, authTimeMs: clock.nowMs(), method }
  const value =
    isSame && passkey !== undefined ? { ...facts, renewal: renewalOf(before, passkey) } : facts
  const lifetimeMs = options.sessionLifetimeMs
  const handle = await core.handles.issue({ kind: SIGN_ON, value, lifetimeMs })
  // A new handle for each login (session fixation); the one before is good no more.
  const old = readCookie(request, cookieName(service, 'session'))
  if (old !== undefined) await core.handles.take(SIGN_ON, old)
  const cookie = cookieOf(service, 'session', handle, lifetimeMs / 1000)
  return { signOn: value, cookies: [cookie, ...browserStateCookies(service, sid)] }
}

function renewalOf({ authTimeMs, method, renewal }: SignOn, { id: passkeyId }: Passkey) {
  const before: Renewed = renewal?.before ?? { authTimeMs, method }
  return { passkeyId, before }
}

async function openSession(
  { core, issuer, options }: OAuthService,
  request: SurfaceRequest,
  { subject, passkey }: Proved,
): Promise<string> {
  const { session } = await core.openSession({
    subjectId: subject.id,
    provedBy: passkey ?? subject,
    clientId: SIGN_ON_CLIENT,
    dialect: OAUTH,
    audience: issuer,
    accessLifetimeMs: options.accessLifetimeMs,
    sessionLifetimeMs: options.sessionLifetimeMs,
    attributes: { ...cameFrom(request) },
  })
  return session.sid
}

/** Ends a sign-on session, and with it everything that came of it at any client. */
export async function endSession(
  { core }: OAuthService,
  { sid, subjectId }: Pick<SignOn, 'sid' | 'subjectId'>,
  wait: boolean,
): Promise<Receipt> {
  const { receipt } = await core.revoke({
    scope: 'session',
    key: sid,
    reason: 'logout',
    actor: `subject:${subjectId}`,
    wait,
  })
  return receipt
}

/** Makes a browser forget its sign-on session, where it has one. */
export function forgetSignOn(service: OAuthService, request: SurfaceRequest): readonly Cookie[] {
  const known = readCookie(request, cookieName(service, 'session'))
  if (known === undefined) return []
  return [cookieOf(service, 'session', '', 0), ...browserStateCookies(service, undefined)]
}

/** What the pages of a login are tied to, and the cookie where the browser has none yet. */
export function browserOf(
  service: OAuthService,
  request: SurfaceRequest,
): { readonly browser: string; readonly cookies: readonly Cookie[] } {
  const known = readCookie(request, cookieName(service, 'browser'))
  if (known !== undefined && /^[\w-]{43}$/.test(known))
    return { browser: digest(known), cookies: [] }
  const value = Buffer.from(service.random.bytes(32)).toString('base64url')
  return { browser: digest(value), cookies: [cookieOf(service, 'browser', value)] }
}

/** Whether a browser has sent the cookie to which the pages of its logins are tied. */
export function hasBrowserCookie(service: OAuthService, request: SurfaceRequest): boolean {
  return readCookie(request, cookieName(service, 'browser')) !== undefined
}

/** Whether a request comes from the browser in which something began. */
export function isSameBrowser(
  service: OAuthService,
  request: SurfaceRequest,
  browser: string,
): boolean {
  const known = readCookie(request, cookieName(service, 'browser'))
  return known !== undefined && digest(known) === browser
}

/**
 * What a form proves with that it is of a page which this sign-on was shown: made of the cookie, so
 * no other site has it.
 *
 * @returns Undefined where the browser has no sign-on.
 */
export function formToken(
  service: OAuthService,
  request: SurfaceRequest,
  purpose: string,
): string | undefined {
  const handle = readCookie(request, cookieName(service, 'session'))
  return handle === undefined ? undefined : digest(`${purpose} ${handle}`)
}

/** Whether a form brings what `formToken` has put into it. */
export function isOwnForm(
  service: OAuthService,
  request: SurfaceRequest,
  purpose: string,
  form: URLSearchParams,
): boolean {
  const token = Buffer.from(formToken(service, request, purpose) ?? '')
  const brought = Buffer.from(form.get('token') ?? '')
  return token.length > 0 && token.length === brought.length && timingSafeEqual(token, brought)
}

function cookieName({ isSecure }: OAuthService, what: 'session' | 'browser'): string {
  return ownCookieName(what, isSecure)
}

function cookieOf(
  service: OAuthService,
  what: 'session' | 'browser',
  value: string,
  maxAgeSeconds?: number,
): Cookie {
  return {
    name: cookieName(service, what),
    value,
    path: '/',
    secure: service.isSecure,
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds: Math.floor(maxAgeSeconds) }),
  }
}
