/** What can be ended from here, as it stands in an address and as the API takes it. */
import type { RevocationTarget } from 'outright/client'

export const endingScopes = [
  'session',
  'subject',
  'client',
  'device',
  'grant',
  'participant',
  'token',
  'key',
  'everyone',
] as const

export type EndingScope = (typeof endingScopes)[number]

export interface Target {
  readonly scope: EndingScope
  /** Empty with `everyone`. */
  readonly key: string
  /** Undefined: this server. */
  readonly issuer: string | undefined
}

/** Undefined while something is missing. */
export function readTarget(query: URLSearchParams): Target | undefined {
  const scope = endingScopes.find((one) => one === query.get('scope'))
  if (scope === undefined) return undefined
  const key = scope === 'everyone' ? '' : (query.get('key') ?? '').trim()
  if (scope !== 'everyone' && key === '') return undefined
  const issuer = scope === 'key' ? undefined : (query.get('issuer') ?? undefined)
  return { scope, key, issuer }
}

/** @throws {TypeError} For a signing key, which is ended at its own address. */
export function targetOf({ scope, key, issuer }: Target): RevocationTarget {
  if (scope === 'key') throw new TypeError('Cannot name a signing key as a target')
  return {
    scope,
    ...(scope === 'everyone' ? {} : { key }),
    ...(issuer === undefined ? {} : { issuer }),
  }
}

/**
 * Whether an end counts at the moment at which it is stored: one that is sent twice also ends what
 * was opened between the two.
 */
export function endsAnew({ scope }: Target): boolean {
  return scope !== 'session' && scope !== 'token' && scope !== 'key'
}

const MANY = 100

/** Whether so much ends that the name has to be typed. */
export function isWide({ scope }: Target, sessions: number | undefined): boolean {
  return scope === 'everyone' || scope === 'key' || scope === 'client' || (sessions ?? 0) > MANY
}
