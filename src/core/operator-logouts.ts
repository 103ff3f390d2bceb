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

  const endedAt = async (...of: Parameters<typeof keyOf>): Promise<number | undefined> => {
    const ticket = await store.findTicket(KIND, keyOf(...of))
    return ticket && Number(ticket.value)
  }

  return {
    async end(logout) {
      const { issuer, issuedAtSeconds } = logout
      // First: a session that is stored behind it finds it, and one before it is found below.
      const expiresAtMs = clock.nowMs() + REMEMBERED_MS
      for (const key of keysOf(logout)) {
        // An older one may come later, and again: it takes back nothing.
        const before = Number((await store.findTicket(KIND, key))?.value ?? 0)
        const value = String(Math.max(issuedAtSeconds, before))
        await store.putTicket({ kind: KIND, key, value, expiresAtMs })
      }
      await endMatching(dependencies, { clientId }, (session) => isOf(session, logout), {
        reason: 'upstream_logout',
        actor: `issuer:${issuer}`,
      })
    },

    async isOver({ issuer, subject, session, issuedAtSeconds }) {
      if (session !== undefined && (await endedAt('sid', issuer, session)) !== undefined)
        return true
      const kind = session === undefined ? 'any' : 'sub'
      const atSeconds = await endedAt(kind, issuer, subject)
      return atSeconds !== undefined && issuedAtSeconds <= atSeconds
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
