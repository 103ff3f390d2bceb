/** What a revocation would end, and whether this server knows anything by that name. */
import { defined } from '../../../domain/defined.ts'
import { EVERYONE, hasOneKey, readKey, scopeRow, type KeyClaim } from '../../../domain/scope.ts'
import type { Core } from '../../../core/core.ts'
import type { SessionFilter } from '../../../ports/store.ts'
import type { RequestedScope } from '../../../protocol/admin-api.ts'

export interface Target {
  readonly scope: RequestedScope
  readonly key: string
}

/**
 * The sessions that a revocation concerns.
 *
 * @returns Undefined where they cannot be found by a filter: one session has its own look-up, and
 *   access tokens are stored nowhere.
 */
export function sessionsOf({ scope, key }: Target): SessionFilter | undefined {
  if (scopeRow(scope).kind === 'narrow') return undefined
  const { sid, sub, client_id: clientId, device_id: deviceKey } = readKey(scope, key)
  return defined({ sid, subjectId: sub, clientId, deviceKey })
}

/**
 * Whether this server has ever heard of the target. A token cannot be known, since none is stored,
 * and counts as known: refusing it would leave a stolen token alive.
 */
export async function isKnown(core: Core, target: Target): Promise<boolean> {
  const { scope, key } = target
  if (scope === 'token' || hasOneKey(scope)) return true
  if (scope === 'session') return (await core.sessions.find(key)) !== undefined
  if (scope === 'subject' && (await core.subjects.find({ by: 'id', value: key }))) return true
  if (scope === 'client' && (await core.clients.find({ by: 'id', value: key }))) return true
  const filter = sessionsOf(target)
  return filter !== undefined && (await core.sessions.count(filter, { atMost: 1 })).count > 0
}

/** What a key is made of, as it is shown to people. */
const words: Readonly<Record<KeyClaim, string>> = {
  jti: '<token id>',
  sid: '<session>',
  sub: '<subject>',
  client_id: '<client>',
  device_id: '<device>',
  kid: '<key>',
}

/** What is wrong with a key for its scope; undefined where nothing is. */
export function wrongKey({ scope, key }: Target): string | undefined {
  const { key: claims, spaced } = scopeRow(scope)
  if (hasOneKey(scope)) {
    return key === '' || key === EVERYONE ? undefined : `is * or absent with scope ${scope}`
  }
  if (key === '') return 'is missing'
  if (spaced) return undefined
  if (claims.length > 1) {
    const parts = key.split(/\s/)
    const isGood = parts.length === claims.length && !parts.includes('') && key.includes(' ')
    return isGood
      ? undefined
      : `is "${claims.map((claim) => words[claim]).join(' ')}" with scope ${scope}`
  }
  if (/\s/.test(key)) return `holds white space, which no ${scope} id does`
  return undefined
}
