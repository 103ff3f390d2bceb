import type { Session } from '../domain/session.ts'
import type { SessionFilter } from '../ports/store.ts'
import { awaitEnded } from './await-ended.ts'
import type { CoreDependencies } from './dependencies.ts'
import { revoke, type RevokeRequest } from './revoke.ts'

const PAGE_LIMIT = 1000

/**
 * Ends the sessions that the filter finds and `isMeant` picks, and waits once until all that has
 * ended is confirmed: also what an earlier call ended that was never answered. Those that have
 * expired end as well, since the clock here may be ahead.
 *
 * @throws {Refusal} `store_unavailable`: then some may be open.
 */
export async function endMatching(
  dependencies: CoreDependencies,
  filter: Omit<SessionFilter, 'liveAtMs'>,
  isMeant: (session: Session) => boolean,
  by: Pick<RevokeRequest, 'reason' | 'actor'>,
): Promise<void> {
  const { store, clock } = dependencies
  const notEnded = { ...filter, liveAtMs: 0 }
  let cursor: string | undefined
  do {
    const page = await store.listSessions(notEnded, clock.nowMs(), { limit: PAGE_LIMIT, cursor })
    for (const { session } of page.items) {
      if (!isMeant(session)) continue
      await revoke(dependencies, { scope: 'session', key: session.sid, ...by, wait: false })
    }
    cursor = page.next
  } while (cursor !== undefined)
  await awaitEnded(dependencies, { wait: true })
}
