/** Whether a request comes from a page of our own (CSRF). */
import { refuse } from '../domain/failure.ts'
import type { SurfaceRequest } from './surface.ts'

/**
 * `page`: one of our own pages sent it. `other`: another page did. `unknown`: the caller says
 * nothing, as programs do and browsers do not.
 *
 * Browsers say it in `Sec-Fetch-Site` over TLS and on loopback; elsewhere they name the `Origin`.
 * Another port or a sub-domain is the same site and another origin: that is another page here.
 */
export function senderOf(request: SurfaceRequest): 'page' | 'other' | 'unknown' {
  const site = request.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' ? 'page' : 'other'
  const origin = request.header('origin')
  if (origin === undefined) return 'unknown'
  return origin === new URL(request.publicUrl).origin ? 'page' : 'other'
}

/**
 * Forms are those of our own pages (login CSRF). Programs say nothing and hold no cookie.
 *
 * @throws {Refusal} `forbidden`.
 */
export function refuseOtherPages(request: SurfaceRequest): void {
  if (senderOf(request) !== 'other') return
  refuse({ kind: 'forbidden', reason: 'the form was sent by a page of another origin' })
}

/**
 * For what only the scripts of our own pages ask for.
 *
 * @throws {Refusal} `forbidden`.
 */
export function refuseAllButPages(request: SurfaceRequest): void {
  if (senderOf(request) === 'page') return
  refuse({ kind: 'forbidden', reason: 'the request was not sent by a page of this server' })
}
