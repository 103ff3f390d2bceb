import type { SessionStatus } from '../../../domain/session.ts'
import type { Store } from '../../../ports/store.ts'

/**
 * One session, whether it has ended, and its clients.
 *
 * @returns Undefined where there is no such session.
 */
export async function sessionStatus(
  store: Pick<Store, 'listSessions'>,
  sid: string,
  nowMs: number,
): Promise<SessionStatus | undefined> {
  const { items } = await store.listSessions({ sid }, nowMs, { limit: 1, cursor: undefined })
  return items[0]
}
