import { runtimeClock } from './clock.ts'
import type { FeedSource } from './feed.ts'
import type { GuardRules } from './lease.ts'
import type { GuardOptions } from './options.ts'
import { connectWebSocket } from './transport.ts'

/** Where a guard's feed comes from. Guards of one process with equal sources share it. */
export function sourceOf(options: GuardOptions, rules: GuardRules): FeedSource {
  const { credential, name = 'guard', issuer, fetch, keys } = options
  const { connect = connectWebSocket, clock = runtimeClock, random = runtimeRandom } = options
  const server = serverUrl(options.server)
  return { server, credential, name, issuer, connect, clock, random, fetch, keys, rules }
}

function serverUrl(server: string): string {
  const { origin, pathname } = new URL(server)
  return withoutSlash(origin + pathname)
}

/** A slash always separates the two, so that no part of a caller's path is read as a host. */
export function urlBelow(publicUrl: string, path: string): string {
  return withoutSlash(publicUrl) + (path.startsWith('/') ? path : `/${path}`)
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function runtimeRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 0x1_0000_0000
}
