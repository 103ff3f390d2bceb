/** What a revocation would end, and whether this server knows anything by that name. */
import { isWide, readGrantKey } from '../../../domain/scope.ts'
import type { SessionFilter, Store } from '../../../ports/store.ts'
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
  switch (scope) {
    case 'subject':
      return { subjectId: key }
    case 'client':
      return { clientId: key }
    case 'device':
      return { deviceKey: key }
    case 'grant':
      return readGrantKey(key)
    case 'everyone':
      return {}
    case 'token':
    case 'session':
      return undefined
  }
}

/**
 * Whether this server has ever heard of the target. A token cannot be known, since none is stored,
 * and counts as known: refusing it would leave a stolen token alive.
 */
export async function isKnown(store: Store, target: Target): Promise<boolean> {
  const { scope, key } = target
  if (scope === 'token' || scope === 'everyone') return true
  if (scope === 'session') return (await store.findSession(key)) !== undefined
  if (scope === 'subject' && (await store.findSubject({ by: 'id', value: key }))) return true
  if (scope === 'client' && (await store.findClient({ by: 'id', value: key }))) return true
  const filter = sessionsOf(target)
  return filter !== undefined && (await store.countSessions(filter)) > 0
}

/** What is wrong with a key for its scope; undefined where nothing is. */
export function wrongKey({ scope, key }: Target): string | undefined {
  if (scope === 'everyone') {
    return key === '' || key === '*' ? undefined : 'is * or absent with scope everyone'
  }
  if (key === '') return 'is missing'
  if (scope === 'grant' && !/^[^\s]+ [^\s]+$/.test(key)) {
    return 'is "<client> <subject>" with scope grant'
  }
  if (isWide(scope) && scope !== 'grant' && scope !== 'device' && /\s/.test(key)) {
    return `holds white space, which no ${scope} id does`
  }
  return undefined
}
