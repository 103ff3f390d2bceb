/**
 * Sessions of operators: sessions like any other, so that they are listed, end and are confirmed as
 * such. What the browser holds is their refresh token: it is never refreshed, and no access token
 * is issued, so that no server behind a guard takes an operator for a person.
 */
import { refuse } from '../domain/failure.ts'
import {
  operatorOfSubject,
  operatorSubject,
  roles,
  type Operator,
  type Role,
} from '../domain/operator.ts'
import { ownClients } from '../domain/identity.ts'
import type { Passkey } from '../domain/passkey.ts'
import type { Session } from '../domain/session.ts'
import type { OperatorLogin } from '../domain/single-sign-on.ts'
import type { CoreDependencies } from './dependencies.ts'
import { isStillProof, sessionCommand } from './open-session.ts'
import { keptOf, operatorLogoutVerbs, type OperatorLogout } from './operator-logouts.ts'
import { parseRefreshToken } from './refresh-token.ts'
import { revoke, type Revoked } from './revoke.ts'

/** The client and the dialect of every such session. */
const CONSOLE_CLIENT = ownClients.console
export const CONSOLE_DIALECT: string = CONSOLE_CLIENT

export interface OperatorSession {
  readonly sid: string
  /** `Operator.id`. */
  readonly operatorId: string
  readonly name: string
  readonly role: Role
  /** They sign in at an identity provider, and nowhere else. */
  readonly isFromProvider: boolean
  readonly expiresAtMs: number
}

export interface OpenOperatorSession {
  readonly operator: Operator
  /** The passkey that has signed; undefined where a password or the provider was asked. */
  readonly provedBy?: Passkey
  readonly lifetimeMs: number
  /** Of the browser: address and user agent. */
  readonly attributes: Session['attributes']
  /** Where they signed in at an identity provider. */
  readonly login?: OperatorLogin
}

export interface OperatorSessions {
  /**
   * Opens a session for an operator who is authenticated.
   *
   * @returns The token that the browser keeps.
   * @throws {Refusal} `credentials_invalid` where they were removed, got another password, lost the
   *   passkey or were logged out at the identity provider meanwhile; `store_unavailable`.
   */
  open(request: OpenOperatorSession): Promise<string>
  /**
   * Whose session a token is of, as it is in the store at this moment; undefined where it has ended
   * or is over, and where the operator was removed.
   */
  find(token: string): Promise<OperatorSession | undefined>
  /**
   * Ends the session of a token, whatever state it is in, and waits until that is confirmed.
   *
   * @returns Undefined where there never was one.
   */
  end(token: string): Promise<Revoked | undefined>
  /**
   * Ends the sessions that came of a login at an identity provider, also of one that is on its way,
   * and waits until that is confirmed.
   *
   * @throws {Refusal} `store_unavailable`: then some may be open.
   */
  endLogin(logout: OperatorLogout): Promise<void>
}

export function operatorSessionVerbs(dependencies: CoreDependencies): OperatorSessions {
  const { store, clock } = dependencies
  const logouts = operatorLogoutVerbs(dependencies, CONSOLE_CLIENT)

  const sessionOf = async (token: string): Promise<Session | undefined> => {
    const parsed = parseRefreshToken(token)
    const found = parsed && (await store.findRefreshToken(parsed.id, parsed.secretHash))
    // Tokens of other clients are refresh tokens of people.
    return found?.session.clientId === CONSOLE_CLIENT ? found.session : undefined
  }

  return {
    async open({ operator, provedBy, lifetimeMs, attributes, login }) {
      const { command, refreshToken } = sessionCommand(dependencies, {
        subjectId: operatorSubject(operator.name),
        clientId: CONSOLE_CLIENT,
        dialect: CONSOLE_DIALECT,
        audience: CONSOLE_CLIENT,
        accessLifetimeMs: NO_ACCESS_MS,
        refreshLifetimeMs: lifetimeMs,
        ...(provedBy && { provedBy }),
        attributes: {
          ...attributes,
          operatorId: operator.id,
          ...(login === undefined ? {} : { login: keptOf(login) }),
        },
      })
      const { sid } = await store.openSession(command)
      // Looked at once more behind it, as `openSession` does for people.
      const now = await store.findOperator(operator.name)
      const isOver =
        now?.id !== operator.id ||
        now.passwordHash !== operator.passwordHash ||
        (provedBy !== undefined && !(await isStillProof(dependencies, provedBy))) ||
        (login !== undefined && (await logouts.isOver(login)))
      if (isOver) {
        await endSession(dependencies, sid, 'system', false)
        return refuse({ kind: 'credentials_invalid' })
      }
      return refreshToken?.token ?? refuse({ kind: 'internal', reason: 'no token was minted' })
    },

    async find(token) {
      const session = await sessionOf(token)
      if (session === undefined) return undefined
      const { sid, subjectId, expiresAtMs, attributes } = session
      const status = await store.findSessionStatus(sid, clock.nowMs())
      if (status?.state !== 'live') return undefined
      const known = operatorOfSubject(subjectId)
      const operator = known === undefined ? undefined : await store.findOperator(known)
      // Another person, where the name was removed and added again.
      if (operator === undefined || operator.id !== attributes['operatorId']) return undefined
      // A role of a later version is unknown here.
      if (!roles.includes(operator.role)) return undefined
      const { id: operatorId, name, role } = operator
      const isFromProvider = operator.identity !== undefined
      return { sid, operatorId, name, role, isFromProvider, expiresAtMs }
    },

    async end(token) {
      const session = await sessionOf(token)
      return session && endSession(dependencies, session.sid, session.subjectId, true)
    },

    endLogin: (logout) => logouts.end(logout),
  }
}

/** Least that a session may say; no access token of it exists. */
const NO_ACCESS_MS = 1000

function endSession(
  dependencies: CoreDependencies,
  sid: string,
  actor: string,
  wait: boolean,
): Promise<Revoked> {
  return revoke(dependencies, { scope: 'session', key: sid, reason: 'logout', actor, wait })
}
