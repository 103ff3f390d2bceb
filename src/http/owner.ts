/** Which mount owns a path, and which methods it has there. */
import { METHODS } from 'node:http'
import type { Surface, Route } from './surface.ts'
import type { AnySurfaceModule } from './surface-module.ts'

export interface MountedSurface {
  readonly module: Pick<AnySurfaceModule, 'kind' | 'name' | 'title'>
  readonly surface: Surface
  /** The longest life of an access token that it issues, in milliseconds; undefined: it issues none. */
  readonly longestTokenMs?: number | undefined
  /** Path before all of its routes, without a slash at the end; empty at the root. */
  readonly prefix: string
  /** Served only under this host name; undefined: under any. */
  readonly host: string | undefined
  /** Origins whose pages may call; undefined: those that the surface names itself. */
  readonly origins?: readonly string[] | undefined
}

/** The part of a request by which its owner is found. */
export interface Place {
  readonly path: string
  readonly host: string
}

/**
 * The mount that answers for a path that has no route, or not for that method: first the one that
 * claims the path, then the only one that lives below its prefix.
 */
export function ownerOf(
  mounts: readonly MountedSurface[],
  place: Place,
): MountedSurface | undefined {
  const here = mounts.filter((mount) => isBelow(mount, place))
  return (
    here.find(({ surface, prefix }) => surface.owns(place.path.slice(prefix.length))) ??
    here.filter(({ prefix }) => prefix !== '').sort(byPrefix)[0]
  )
}

/** The methods for which a mount has a route at this path; each mount that has any. */
export function methodsAt(
  mounts: readonly MountedSurface[],
  place: Place,
): ReadonlyMap<MountedSurface, readonly string[]> {
  const found = new Map<MountedSurface, readonly string[]>()
  for (const mount of mounts) {
    if (!isBelow(mount, place)) continue
    const methods = mount.surface.routes
      .filter((route) => pathPattern(mount.prefix + route.path).test(place.path))
      .flatMap((route) => methodsOf(mount.surface, route))
    if (methods.length > 0) found.set(mount, inOrder(methods))
  }
  return found
}

/** The route's method; for one that takes any, also all that the surface names nowhere else there. */
export function methodsOf(surface: Surface, route: Route): readonly string[] {
  const { method, path, anyMethod, alsoHead } = route
  if (anyMethod !== true) return alsoHead === true ? [method, 'HEAD'] : [method]
  const named = new Set<string>(
    surface.routes.filter((other) => other.path === path).map((other) => other.method),
  )
  // Node takes no `CONNECT` for a request.
  return [method, ...METHODS.filter((other) => other !== 'CONNECT' && !named.has(other))]
}

/** Without repetitions, the usual ones first. */
export function inOrder(methods: readonly string[]): readonly string[] {
  return [...new Set(methods)].sort((a, b) => preference.indexOf(a) - preference.indexOf(b))
}

const preference = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Under its host name, and below its prefix: `/mat` does not contain `/matar`. */
function isBelow({ prefix, host }: MountedSurface, place: Place): boolean {
  if (host !== undefined && host !== place.host) return false
  return prefix === '' || place.path === prefix || place.path.startsWith(`${prefix}/`)
}

function byPrefix(one: MountedSurface, other: MountedSurface): number {
  return other.prefix.length - one.prefix.length
}

const patterns = new Map<string, RegExp>()

/** A route's path as a pattern; there are as many as there are routes, so all are kept. */
function pathPattern(path: string): RegExp {
  const known = patterns.get(path)
  if (known !== undefined) return known
  const escaped = path.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const named = escaped.replace(/:[A-Za-z]+/g, '[^/]+').replace(/\\\*$/, '.*')
  const pattern = new RegExp(`^${named}$`)
  patterns.set(path, pattern)
  return pattern
}
