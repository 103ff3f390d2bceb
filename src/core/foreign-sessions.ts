import type { ForeignSession } from '../domain/foreign-session.ts'
import type { SessionState } from '../domain/session.ts'
import type { ForeignSessionFilter } from '../ports/foreign-session.ts'
import type { Page, PageRequest } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'

/** A login at another issuer, and whether it has ended. */
export interface ForeignSessionStatus {
  readonly session: ForeignSession
  readonly state: SessionState
}

/** Logins at other issuers that were seen, with their state as this node knows it. */
export async function listForeignSessions(
  { store, clock, isForeignAlive }: CoreDependencies,
  filter: ForeignSessionFilter,
  request: PageRequest,
): Promise<Page<ForeignSessionStatus>> {
  const page = await store.listForeignSessions(filter, request)
  const nowMs = clock.nowMs()
  const stateOf = (session: ForeignSession): SessionState => {
    const { issuer, subject, session: sid, client, sinceSeconds, expiresAtMs } = session
    const names = { sub: subject, sid: sid || undefined, client_id: client || undefined }
    if (!isForeignAlive({ issuer, names, sinceSeconds })) return 'revoked'
    return nowMs > expiresAtMs ? 'expired' : 'live'
  }
  return { ...page, items: page.items.map((session) => ({ session, state: stateOf(session) })) }
}

const countedAtOnce = 1000

/**
 * How many logins at other issuers that were seen are live; there may be others.
 *
 * @param maxRead Stops after so many, live or not: then it is not exact.
 */
export async function countForeignSessions(
  dependencies: CoreDependencies,
  filter: ForeignSessionFilter,
  maxRead: number = Infinity,
): Promise<{ readonly count: number; readonly exact: boolean }> {
  let count = 0
  let read = 0
  let cursor: string | undefined
  do {
    const page = await listForeignSessions(dependencies, filter, { limit: countedAtOnce, cursor })
    count += page.items.filter(({ state }) => state === 'live').length
    read += page.items.length
    cursor = page.next
  } while (cursor !== undefined && read < maxRead)
  return { count, exact: cursor === undefined }
}
