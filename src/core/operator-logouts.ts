/** Logouts at the identity provider of operators: what they end here, whenever they come. */
import type { Json, Session } from '../domain/session.ts'
import type { OperatorLogin } from '../domain/single-sign-on.ts'
import type { LogoutClaims } from '../protocol/logout-token.ts'
import type { CoreDependencies } from './dependencies.ts'
import { endMatching } from './end-matching.ts'
import { digest } from './handles.ts'

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

  /** Whether a logout was issued at that time or later. */
  const hasEnded = async (key: string, sinceSeconds: number): Promise<boolean> => {
    const after = ticketKey(key, sinceSeconds - 1)
    return (await store.listTickets(KIND, `${key} `, 1, after)).length > 0
  }

  return {
    async end(logout) {
      const { issuer, issuedAtSeconds } = logout
      // First: a session that is stored behind it finds it, and one before it is found below.
      const expiresAtMs = clock.nowMs() + REMEMBERED_MS
      for (const of of keysOf(logout)) {
        // Each has its own: one that comes late, or at the same moment, takes back no other.
        const key = ticketKey(of, issuedAtSeconds)
        await store.putTicket({ kind: KIND, key, value: '', expiresAtMs })
      }
      await endMatching(dependencies, { clientId }, (session) => isOf(session, logout), {
        reason: 'upstream_logout',
        actor: `issuer:${issuer}`,
      })
    },

    async isOver({ issuer, subject, session, issuedAtSeconds }) {
      if (session !== undefined && (await hasEnded(keyOf('sid', issuer, session), 0))) return true
      const kind = session === undefined ? 'any' : 'sub'
      return hasEnded(keyOf(kind, issuer, subject), issuedAtSeconds)
    },
  }
}

/**
 * What a logout is remembered by: one session (`sid`), all of a person (`sub`), or at least one of
 * a person (`any`), which ends each login that does not name its session.
 */
type Kind = 'sid' | 'sub' | 'any'

function keysOf({ issuer, sub, sid }: OperatorLogout): readonly string[] {
  const keys = sub === undefined ? [] : [keyOf('any', issuer, sub)]
  if (sid !== undefined) return [...keys, keyOf('sid', issuer, sid)]
  return sub === undefined ? keys : [...keys, keyOf('sub', issuer, sub)]
}

/** In the order of time: of as many digits as the time of any token has that is not refused. */
function ticketKey(key: string, issuedAtSeconds: number): string {
  return `${key} ${String(Math.max(0, issuedAtSeconds)).padStart(12, '0')}`
}

function keyOf(kind: Kind, issuer: string, id: string): string {
  return digest(JSON.stringify([issuer, kind, id]))
}

function isOf({ attributes }: Session, { issuer, sub, sid }: OperatorLogout): boolean {
  const login = attributes['login'] as Readonly<Record<string, unknown>> | undefined
  if (login?.['issuer'] !== issuer) return false
  // A login that does not name its session ends with any logout that names its person.
  return sid === undefined || login['session'] === null
    ? sub !== undefined && login['subject'] === sub
    : login['session'] === sid
}
