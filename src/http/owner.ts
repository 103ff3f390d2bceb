/** Who answers where: which mount owns a path, and which methods it has there. */
import { METHODS } from 'node:http'
import type { Dialect, Route } from './dialect.ts'
import type { AnySurfaceModule } from './surface-module.ts'

export interface MountedDialect {
  readonly module: Pick<AnySurfaceModule, 'kind' | 'name' | 'title'>
  readonly dialect: Dialect
  /** The longest life of an access token that it issues, in milliseconds; undefined: it issues none. */
  readonly longestTokenMs?: number | undefined
  /** Path before all of its routes, without a slash at the end; empty at the root. */
  readonly prefix: string
  /** Served only under this host name; undefined: under any. */
  readonly host: string | undefined
  /** Origins whose pages may call; undefined: those that the dialect names itself. */
  readonly origins?: readonly string[] | undefined
}

/** The part of a request by which its owner is found. */
export interface Place {
  readonly path: string
  readonly host: string
}

/**
 * The mount that answers for a path that has no route, or not for that method: first whoever claims
 * the path, then whoever alone lives below its prefix.
 */
export function ownerOf(
  mounts: readonly MountedDialect[],
  place: Place,
): MountedDialect | undefined {
  const here = mounts.filter((mount) => isBelow(mount, place))
  return (
    here.find(({ dialect, prefix }) => dialect.owns(place.path.slice(prefix.length))) ??
    here.filter(({ prefix }) => prefix !== '').sort(byPrefix)[0]
  )
}

/** The methods for which a mount has a route at this path; each mount that has any. */
export function methodsAt(
  mounts: readonly MountedDialect[],
  place: Place,
): ReadonlyMap<MountedDialect, readonly string[]> {
  const found = new Map<MountedDialect, readonly string[]>()
  for (const mount of mounts) {
    if (!isBelow(mount, place)) continue
    const methods = mount.dialect.routes
      .filter((route) => pathPattern(mount.prefix + route.path).test(place.path))
      .flatMap((route) => methodsOf(mount.dialect, route))
    if (methods.length > 0) found.set(mount, inOrder(methods))
  }
  return found
}

/** The route's method; for one that takes any, also all that the dialect names nowhere else there. */
export function methodsOf(dialect: Dialect, route: Route): readonly string[] {
  const { method, path, anyMethod, alsoHead } = route
  if (anyMethod !== true) return alsoHead === true ? [method, 'HEAD'] : [method]
  const named = new Set<string>(
    dialect.routes.filter((other) => other.path === path).map((other) => other.method),
  )
  // Node takes no `CONNECT` for a request.
  return [method, ...METHODS.filter((other) => other !== 'CONNECT' && !named.has(other))]
}

/** Without repetitions, the usual ones first. */
export function inOrder(methods: readonly string[]): readonly string[] {
  return [...new Set(methods)].sort((a, b) => preference.indexOf(a) - preference.indexOf(b))
}

const preference = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Under its host name, and below its prefix: `/mat` is no part of `/matar`. */
function isBelow({ prefix, host }: MountedDialect, place: Place): boolean {
  if (host !== undefined && host !== place.host) return false
  return prefix === '' || place.path === prefix || place.path.startsWith(`${prefix}/`)
}

function byPrefix(one: MountedDialect, other: MountedDialect): number {
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
