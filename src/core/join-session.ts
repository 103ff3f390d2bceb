import { refuse } from '../domain/failure.ts'
import type { Session } from '../domain/session.ts'
import type { JoinSessionCommand } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import {
  firstRefreshToken,
  firstTokens,
  type IssuedTokens,
  type TokenRequest,
} from './issued-tokens.ts'
import { mintId } from './mint-id.ts'
import type { MintedRefreshToken } from './refresh-token.ts'

/** The life of the access token is shortened to that with which the session was opened. */
export interface JoinRequest extends TokenRequest {
  /** The session that was logged in to. */
  readonly sid: string
  /** The client that comes in. */
  readonly clientId: string
  readonly dialect: string
  /** Of this client's part in the session, with what a receiver needs to notify the client. */
  readonly attributes?: Session['attributes']
}

/**
 * Lets another client into a session, without a second login, and issues its first tokens. The
 * transaction that lets it in checks that the session is alive: a join that races a logout is after
 * it, or its tokens are dead on arrival.
 *
 * A client that is already in the session, with the same dialect and attributes, gets further
 * tokens for the same part.
 *
 * @returns The session as this client has it, and its tokens.
 * @throws {Refusal} `token_revoked` where the session has ended, `account_disabled`,
 *   `store_unavailable`.
 */
export async function joinSession(
  dependencies: CoreDependencies,
  request: JoinRequest,
): Promise<IssuedTokens> {
  const prepared = await joinCommand(dependencies, request)
  const session = await dependencies.store.joinSession(prepared.command)
  if (session === undefined) return refuse({ kind: 'token_revoked' })
  const { command, refreshToken } = prepared
  return firstTokens(dependencies, request, session, command.joinedAtMs, refreshToken)
}

interface Prepared {
  readonly command: JoinSessionCommand
  readonly refreshToken: MintedRefreshToken | undefined
}

/**
 * The store's command for a join, and the refresh token whose hash it holds.
 *
 * @throws {Refusal} `token_revoked`: there is no such session.
 */
export async function joinCommand(
  dependencies: CoreDependencies,
  request: JoinRequest,
): Promise<Prepared> {
  const { store, clock, random } = dependencies
  const session = await store.findSession(request.sid)
  if (session === undefined) return refuse({ kind: 'token_revoked' })
  const nowMs = clock.nowMs()
  const refreshToken = firstRefreshToken(dependencies, request, nowMs)
  const command = {
    participantId: mintId(random, nowMs),
    session,
    clientId: request.clientId,
    dialect: request.dialect,
    joinedAtMs: nowMs,
    attributes: request.attributes ?? {},
    refreshToken: refreshToken?.record,
  }
  return { command, refreshToken }
}
