/**
 * Session management (OpenID Connect Session Management 1.0), where `oauth.sessionManagement` turns
 * it on: a client's page asks a frame of this server whether its person is still logged in at this
 * browser. The frame reads a cookie of its own, and browsers keep cookies from frames of other
 * sites, so this is an attempt and never the only way in which a client learns of a logout.
 */
import { digest } from '../../../core/handles.ts'
import { ownCookieName, type Cookie } from '../../cookie.ts'
import { originOf } from '../../redirect-uri.ts'
import type { OAuthService } from './service.ts'

type Service = Pick<OAuthService, 'options' | 'random' | 'isSecure'>

/**
 * What a client's page compares with (section 3): a hash over client, origin, the state of the
 * browser and a salt. It says nothing of the person.
 *
 * @param sid The session of the browser; undefined where no person is logged in.
 * @returns Undefined where it is turned off, or the client is not a page with an origin.
 */
export function sessionStateOf(
  { options, random }: Service,
  { clientId, redirectUri }: { readonly clientId: string; readonly redirectUri: string },
  sid: string | undefined,
): string | undefined {
  const origin = originOf(redirectUri)
  if (!options.sessionManagement || origin === undefined) return undefined
  const salt = Buffer.from(random.bytes(16)).toString('base64url')
  const text = `${clientId} ${origin} ${browserStateOf(sid)} ${salt}`
  return `${digest(text)}.${salt}`
}

/** Another one for each session. It is a hash, so nothing can be done with it. */
function browserStateOf(sid: string | undefined): string {
  return sid === undefined ? '' : digest(`browser state of ${sid}`)
}

/**
 * The cookie that the frame reads: readable by scripts of this server, and sent in frames of other
 * sites where there is TLS. Without, browsers take no such cookie, and same-site pages have to do.
 */
export function browserStateCookies(
  { options, isSecure }: Service,
  sid: string | undefined,
): readonly Cookie[] {
  if (!options.sessionManagement) return []
  return [
    {
      name: ownCookieName('state', isSecure),
      value: browserStateOf(sid),
      path: '/',
      secure: isSecure,
      isReadable: true,
      sameSite: isSecure ? 'none' : 'lax',
      maxAgeSeconds: sid === undefined ? 0 : Math.floor(options.sessionLifetimeMs / 1000),
    },
  ]
}
