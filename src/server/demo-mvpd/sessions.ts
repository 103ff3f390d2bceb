/** Who is logged in at the provider: its own sessions, kept by a cookie of its own. */
import { createHash } from 'node:crypto'
import { readCookie, type Cookie } from '../../http/cookie.ts'
import type { SurfaceRequest } from '../../http/surface.ts'
import { DEMO_MVPD_PREFIX, type DemoMvpdOptions } from './options.ts'

const KIND = 'demo-mvpd-session'
const COOKIE = 'demo_mvpd'
const LIFETIME_MS = 24 * 3_600_000
const MAX_LISTED = 100

export interface ProviderSession {
  readonly user: string
  readonly sinceMs: number
}

/** Logs a viewer in at the provider; gives the cookie. */
export async function startSession(options: DemoMvpdOptions, user: string): Promise<Cookie> {
  const secret = Buffer.from(options.random.bytes(24)).toString('base64url')
  const nowMs = options.clock.nowMs()
  const session: ProviderSession = { user, sinceMs: nowMs }
  await options.store.putTicket({
    kind: KIND,
    key: keyOf(user, secret),
    value: JSON.stringify(session),
    expiresAtMs: nowMs + LIFETIME_MS,
  })
  return {
    name: COOKIE,
    value: `${user}.${secret}`,
    path: DEMO_MVPD_PREFIX,
    maxAgeSeconds: LIFETIME_MS / 1000,
    secure: options.publicUrl.startsWith('https:'),
  }
}

/** The viewer of the request's cookie; undefined where no viewer is logged in. */
export async function findSession(
  options: DemoMvpdOptions,
  request: SurfaceRequest,
): Promise<ProviderSession | undefined> {
  const [, user, secret] = /^(\w+)\.([\w-]{32})$/.exec(readCookie(request, COOKIE) ?? '') ?? []
  if (user === undefined || secret === undefined) return undefined
  const ticket = await options.store.findTicket(KIND, keyOf(user, secret))
  if (ticket === undefined || ticket.expiresAtMs <= options.clock.nowMs()) return undefined
  return JSON.parse(ticket.value) as ProviderSession
}

/** Ends every session of a viewer at the provider; gives how many there were. */
export async function endSessions(options: DemoMvpdOptions, user: string): Promise<number> {
  const tickets = await options.store.listTickets(KIND, `${user} `, MAX_LISTED)
  const taken = await Promise.all(tickets.map(({ key }) => options.store.takeTicket(KIND, key)))
  return taken.filter((ticket) => ticket !== undefined).length
}

/** The people who are logged in at the provider. */
export async function listSessions(options: DemoMvpdOptions): Promise<readonly ProviderSession[]> {
  const tickets = await options.store.listTickets(KIND, '', MAX_LISTED)
  return tickets
    .filter(({ expiresAtMs }) => expiresAtMs > options.clock.nowMs())
    .map(({ value }) => JSON.parse(value) as ProviderSession)
}

function keyOf(user: string, secret: string): string {
  return `${user} ${createHash('sha256').update(secret).digest('base64url')}`
}
