/** Logouts at the identity provider of operators: what they end here, whenever they come. */
import type { Json, Session } from '../domain/session.ts'
import type { OperatorLogin } from '../domain/single-sign-on.ts'
import type { LogoutClaims } from '../protocol/logout-token.ts'
import { awaitEnded } from './await-ended.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest } from './handles.ts'
import { revoke } from './revoke.ts'

/** A logout at the identity provider: of one session where it names a `sid`, otherwise of a person. */
export interface OperatorLogout extends LogoutClaims {
  readonly issuer: string
}

interface OperatorLogouts {
  end(logout: OperatorLogout): Promise<void>
  /** Whether a login has ended there that is on its way here. */
  isOver(login: OperatorLogin): Promise<boolean>
}

const KIND = 'operator-logout'
/** Longer than a login may be on its way, milliseconds. */
const REMEMBERED_MS = 600_000
const PAGE_LIMIT = 1000

/** What a session keeps of the login that it came of. */
export function keptOf({ issuer, subject, session }: OperatorLogin): {
  readonly [name: string]: Json
} {
  return { issuer, subject, session: session ?? null }
}

/** @param clientId The client of every session of an operator. */
export function operatorLogoutVerbs(
  dependencies: CoreDependencies,
  clientId: string,
): OperatorLogouts {
  const { store, clock } = dependencies

  const endedAt = async (...name: readonly string[]): Promise<number | undefined> => {
    const ticket = await store.findTicket(KIND, digest(JSON.stringify(name)))
    return ticket && Number(ticket.value)
  }

  return {
    async end(logout) {
      const { issuer, sub, sid, issuedAtSeconds } = logout
      const name = sid === undefined ? [issuer, 'sub', sub] : [issuer, 'sid', sid]
      // First: a session that is stored behind it finds it, and one before it is found below.
      await store.putTicket({
        kind: KIND,
        key: digest(JSON.stringify(name)),
        value: String(issuedAtSeconds),
        expiresAtMs: clock.nowMs() + REMEMBERED_MS,
      })
      let cursor: string | undefined
      do {
        const nowMs = clock.nowMs()
        const filter = { clientId, liveAtMs: nowMs }
        const page = await store.listSessions(filter, nowMs, { limit: PAGE_LIMIT, cursor })
        for (const { session } of page.items) {
          if (!isOf(session, logout)) continue
          await revoke(dependencies, {
            scope: 'session',
            key: session.sid,
            reason: 'upstream_logout',
            actor: `issuer:${issuer}`,
            wait: true,
          })
        }
        cursor = page.next
      } while (cursor !== undefined)
      // One that comes again finds nothing open, and what it ended before may not be confirmed yet.
      await awaitEnded(dependencies, { wait: true })
    },

    async isOver({ issuer, subject, session, issuedAtSeconds }) {
      if (session !== undefined && (await endedAt(issuer, 'sid', session)) !== undefined)
        return true
      const atSeconds = await endedAt(issuer, 'sub', subject)
      return atSeconds !== undefined && issuedAtSeconds <= atSeconds
    },
  }
}

function isOf({ attributes }: Session, { issuer, sub, sid }: OperatorLogout): boolean {
  const login = attributes['login'] as Readonly<Record<string, unknown>> | undefined
  if (login?.['issuer'] !== issuer) return false
  // A login that does not name its session ends with any logout that names its person.
  return sid === undefined || login['session'] === null
    ? sub !== undefined && login['subject'] === sub
    : login['session'] === sid
}
