import { isOvertaken } from '../../../domain/generation.ts'
import type { SessionStatus } from '../../../domain/session.ts'
import type { Store } from '../../../ports/store.ts'

/**
 * One session and whether it still stands.
 *
 * @returns Undefined where there is no such session.
 */
export async function sessionStatus(
  store: Store,
  sid: string,
  nowMs: number,
): Promise<SessionStatus | undefined> {
  const session = await store.findSession(sid)
  if (session === undefined) return undefined
  if (session.expiresAtMs <= nowMs) return { session, state: 'expired' }
  const [ended, now] = await Promise.all([
    store.listRevocations(
      { scope: 'session', issuer: '', key: sid },
      { limit: 1, cursor: undefined },
    ),
    store.generations(session),
  ])
  const overtaken = isOvertaken(session.generations, now)
  return { session, state: ended.items.length > 0 || overtaken ? 'revoked' : 'live' }
}
