/** Cookies in and out (RFC 6265). `HttpOnly`, but for one that says nothing. */
import { parseCookie, stringifySetCookie } from 'cookie'
import type { SurfaceRequest } from './surface.ts'

/** A cookie that an answer sets. */
export interface Cookie {
  readonly name: string
  readonly value: string
  /** Path below which browsers send it back. */
  readonly path: string
  /** Seconds that it lives; 0 deletes it. Default: until the browser is closed. */
  readonly maxAgeSeconds?: number
  /** Default `lax`: other sites can lead here with it, and post nothing. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /** True: scripts of this server may read it, so it must be worthless to others. */
  readonly isReadable?: true
  /** Sent back over TLS alone. */
  readonly secure: boolean
}

/**
 * The name of a cookie of this server. With TLS it is one that browsers take from this very host
 * alone, for every path (RFC 6265bis, section 4.1.3.2).
 */
export function ownCookieName(name: string, secure: boolean): string {
  return `${secure ? '__Host-' : ''}outright-${name}`
}

/** As a `Set-Cookie` header. */
export function writeCookie(cookie: Cookie): string {
  const { name, value, path, maxAgeSeconds, sameSite = 'lax', secure, isReadable } = cookie
  return stringifySetCookie({
    name,
    value,
    path,
    httpOnly: isReadable !== true,
    sameSite,
    secure,
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
  })
}

/** The value of a request's cookie as it was sent; undefined where there is none of that name. */
export function readCookie(request: SurfaceRequest, name: string): string | undefined {
  const header = request.header('cookie')
  return header === undefined ? undefined : parseCookie(header, { decode: String })[name]
}
