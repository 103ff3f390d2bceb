/** The one cookie of an operator's browser: the token of a session, see `core/operator-sessions.ts`. */
import { ownCookieName, readCookie, type Cookie } from './cookie.ts'
import type { SurfaceRequest } from './surface.ts'

/** The token that a browser sends; undefined where it has none. */
export function readOperatorCookie(request: SurfaceRequest): string | undefined {
  return readCookie(request, nameOf(request)) || undefined
}

/** @param maxAgeSeconds 0 makes the browser forget it. */
export function operatorCookie(
  request: SurfaceRequest,
  value: string,
  maxAgeSeconds: number,
): Cookie {
  const secure = isSecure(request)
  return { name: nameOf(request), value, path: '/', secure, sameSite: 'strict', maxAgeSeconds }
}

function nameOf(request: SurfaceRequest): string {
  return ownCookieName('operator', isSecure(request))
}

/** Whether browsers reach this server over TLS. */
export function isSecure({ publicUrl }: SurfaceRequest): boolean {
  return publicUrl.startsWith('https:')
}
