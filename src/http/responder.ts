/** What gives answers: a route, or a surface where it has none. It owns what all of them share. */
import { corsOf, type Cors } from './cors.ts'
import { inOrder, methodsOf, type MountedSurface } from './owner.ts'
import { receiptHeaders } from './receipt-headers.ts'
import type { Answer, Route, Surface, SurfaceRequest } from './surface.ts'

/** How metrics and the access log name what gave an answer. */
export interface ResponderName {
  readonly dialect: string
  /** The route's pattern, `*` where there is none. */
  readonly route: string
}

/** Called with each answered request, for metrics and the access log. */
export type Observer = (
  /** No query, no credential. The id is read only where it is written down: it may have to be made. */
  request: Pick<SurfaceRequest, 'method' | 'requestId'>,
  status: number,
  elapsedMs: number,
) => void

export type Observe = (name: ResponderName) => Observer

export interface Responder {
  /** Undefined where no surface owns the path. */
  readonly surface: Surface | undefined
  readonly observe: Observer
  /**
   * What every answer has, what the surface's have, and its own; the later win. In parts: an object
   * that holds all of them would be made for each answer, only to be copied into the next.
   */
  headersOf(request: SurfaceRequest, answer: Answer, isStopping: boolean): readonly Headers[]
}

type Headers = Readonly<Record<string, string>>

export interface Responders {
  of(mount: MountedSurface, route: Route): Responder
  /** For what has no route: of the surface that owns the path, where one does. */
  unrouted(owner: MountedSurface | undefined): Responder
}

export function respondersOf(mounts: readonly MountedSurface[], observe: Observe): Responders {
  const policies = new Map(mounts.map((mount) => [mount, corsOfMount(mount)]))
  const make = (mount: MountedSurface | undefined, route?: Route): Responder =>
    responder(mount, route, mount && policies.get(mount), observe)
  const none = make(undefined)
  const unrouted = new Map(mounts.map((mount) => [mount, make(mount)]))
  return {
    of: make,
    unrouted: (owner) => (owner && unrouted.get(owner)) ?? none,
  }
}

/** How pages of other origins may call a surface; undefined: not at all. */
function corsOfMount({ surface, origins }: MountedSurface): Cors | undefined {
  const methods = surface.routes.flatMap((route) => methodsOf(surface, route))
  return corsOf(surface.cors, origins, inOrder([...methods, 'OPTIONS']))
}

function responder(
  mount: MountedSurface | undefined,
  route: Route | undefined,
  cors: Cors | undefined,
  observe: Observe,
): Responder {
  const surface = mount?.surface
  const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  const whereGood = { ...always, 'cache-control': route?.cacheControl ?? 'no-store' }
  return {
    surface,
    observe: observe({ dialect: mount?.module.name ?? 'none', route: route?.path ?? '*' }),
    headersOf(request, { status, receipt, headers }, isStopping) {
      const parts: Headers[] = [isGood(status) ? whereGood : always]
      if (isStopping) parts.push({ connection: 'close' })
      if (cors !== undefined) parts.push(cors.headers(request))
      if (surface?.headers !== undefined) parts.push(surface.headers(request))
      if (receipt !== undefined) parts.push(receiptHeaders(receipt, request.waitForConfirmation))
      if (headers !== undefined) parts.push(headers)
      return parts
    },
  }
}

function isGood(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304
}
