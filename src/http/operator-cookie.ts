/** The one cookie of an operator's browser: the token of a session, see `core/operator-sessions.ts`. */
import { readCookie, type Cookie } from './cookie.ts'
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

/** With TLS a name that browsers take from this very host alone (RFC 6265bis, section 4.1.3.2). */
function nameOf(request: SurfaceRequest): string {
  return `${isSecure(request) ? '__Host-' : ''}outright-operator`
}

function isSecure({ publicUrl }: SurfaceRequest): boolean {
  return publicUrl.startsWith('https:')
}
