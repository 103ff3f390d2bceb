/**
 * Logins that are under way, from the request that needs one until it goes on. Each is kept under a
 * handle, which is in the address of the page and is useless without the cookie of the browser in
 * which the login began.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Json } from '../../../domain/session.ts'
import type { Cookie } from '../../cookie.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { oauthClientOf, type OAuthClient } from '../../oauth-client.ts'
import type { Authorization } from './authorization.ts'
import { browserOf, isSameBrowser } from './browser.ts'
import type { OAuthService } from './service.ts'

export const loginPath = '/login'
/** Where a challenge for a passkey is asked for. */
export const passkeyLoginPath = '/login/passkey'
export const consentPath = '/login/consent'

const INTERACTION = 'oauth-interaction'

/** What a person logs in for. */
export type Purpose =
  | { readonly kind: 'authorization'; readonly authorization: Authorization }
  | {
      readonly kind: 'page'
      /** Path and query of a page of this server, which needs to know who is there. */
      readonly path: string
      /** The client that the page is about, where it is about one. */
      readonly clientId?: string
    }

/** A login that was found again, with its client. */
export type Interaction = { readonly interaction: string } & (
  | (Extract<Purpose, { kind: 'authorization' }> & { readonly client: OAuthClient })
  | (Extract<Purpose, { kind: 'page' }> & { readonly client: OAuthClient | undefined })
)

type Kept = Purpose & { readonly browser: string }

/**
 * Leads to a page of a login: of one that is under way, by its handle, or of a new one.
 *
 * @throws {Refusal} `rate_limited`.
 */
export async function showInteraction(
  service: OAuthService,
  request: SurfaceRequest,
  path: string,
  login: Purpose | string,
  cookies: readonly Cookie[] = [],
): Promise<Answer> {
  const { browser, cookies: added } = browserOf(service, request)
  const handle =
    typeof login === 'string'
      ? login
      : await beginInteraction(service, request, { ...login, browser })
  const location = `${path}?interaction=${handle}`
  return { status: 303, headers: { location }, cookies: [...cookies, ...added] }
}

async function beginInteraction(
  { core, options, strangers }: OAuthService,
  { clientAddress }: SurfaceRequest,
  kept: Kept,
): Promise<string> {
  await strangers.consume(clientAddress)
  const value = kept as unknown as Json
  const lifetimeMs = options.loginLifetimeMs
  return core.handles.issue({ kind: INTERACTION, value, lifetimeMs })
}

/**
 * The login to which a page belongs.
 *
 * @throws {Refusal} `not_found` where there is none, it is over, or it began in another browser.
 */
export async function findInteraction(
  service: OAuthService,
  request: SurfaceRequest,
  interaction: string,
): Promise<Interaction> {
  const { handles, clients } = service.core
  const found = await handles.find(INTERACTION, interaction)
  if (found === undefined) return refuse({ kind: 'not_found' })
  const { browser, ...purpose } = found as unknown as Kept
  if (!isSameBrowser(service, request, browser)) return refuse({ kind: 'not_found' })
  const clientId = purpose.kind === 'page' ? purpose.clientId : purpose.authorization.clientId
  if (purpose.kind === 'page' && clientId === undefined) {
    return { ...purpose, client: undefined, interaction }
  }
  const registered = await clients.find({ by: 'id', value: clientId ?? '' })
  const client = oauthClientOf(registered)
  if (client === undefined || registered?.status === 'disabled') {
    return refuse({ kind: 'not_found' })
  }
  return { ...purpose, client, interaction }
}

/** Ends a login; of any number of callers exactly one gets true. */
export function takeInteraction({ core }: OAuthService, interaction: string): Promise<boolean> {
  return core.handles.take(INTERACTION, interaction)
}
