import { refuse } from '../domain/failure.ts'
import type { Session } from '../domain/session.ts'
import type { JoinSessionCommand } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import type { IssuedTokens } from './open-session.ts'
import { mintRefreshToken, type MintedRefreshToken } from './refresh-token.ts'
import { signAccess, type ExtraClaims } from './sign-access.ts'

export interface JoinRequest {
  /** The session that was logged in to. */
  readonly sid: string
  /** The client that comes in. */
  readonly clientId: string
  readonly dialect: string
  /** `aud` of its access tokens, before the installation's own audiences. */
  readonly audience: string
  /** Shortened to the longest that the session allows: `SessionRequest.maxAccessLifetimeMs`. */
  readonly accessLifetimeMs: number
  /** Undefined: no refresh token. */
  readonly refreshLifetimeMs?: number
  /** Thumbprint of the key that the refresh token is bound to. */
  readonly boundTo?: string
  readonly claims?: ExtraClaims
  /** Of this client's part in the session. What a receiver needs to tell it stands here, too. */
  readonly attributes?: Session['attributes']
}

/**
 * Lets another client into a session, without a second login, and issues its first tokens. In the
 * transaction that lets it in the session still stands: a join that races a logout is after it, or
 * its tokens are dead on arrival.
 *
 * A client that is in the session already, with the same dialect and attributes, has further tokens
 * for the same part.
 *
 * @returns The session as this client has it, and its tokens.
 * @throws {Refusal} `token_revoked` where the session does not stand any more, `account_disabled`,
 *   `store_unavailable`.
 */
export async function joinSession(
  dependencies: CoreDependencies,
  request: JoinRequest,
): Promise<IssuedTokens> {
  const prepared = await joinCommand(dependencies, request)
  const session = await dependencies.store.joinSession(prepared.command)
  if (session === undefined) return refuse({ kind: 'token_revoked' })
  return joinedTokens(dependencies, request, session, prepared)
}

interface Prepared {
  readonly command: JoinSessionCommand
  readonly refreshToken: MintedRefreshToken | undefined
}

/**
 * What the store is told of a join, and the refresh token of which it knows the hash.
 *
 * @throws {Refusal} `token_revoked`: there is no such session.
 */
export async function joinCommand(
  { store, clock, random }: CoreDependencies,
  request: JoinRequest,
): Promise<Prepared> {
  const session = await store.findSession(request.sid)
  if (session === undefined) return refuse({ kind: 'token_revoked' })
  const nowMs = clock.nowMs()
  const refreshToken =
    request.refreshLifetimeMs === undefined
      ? undefined
      : mintRefreshToken(random, nowMs, nowMs + request.refreshLifetimeMs, request.boundTo)
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

/** The tokens of a client that joined a moment ago. */
export async function joinedTokens(
  dependencies: CoreDependencies,
  request: JoinRequest,
  session: Session,
  { command, refreshToken }: Prepared,
): Promise<IssuedTokens> {
  const access = await signAccess(dependencies, {
    session,
    audience: request.audience,
    lifetimeMs: request.accessLifetimeMs,
    // The moment up to which the store has let a token live is counted from here.
    issuedAtMs: command.joinedAtMs,
    ...(request.claims === undefined ? {} : { claims: request.claims }),
  })
  return {
    session,
    access,
    refresh: refreshToken && {
      token: refreshToken.token,
      expiresAtMs: refreshToken.record.expiresAtMs,
    },
  }
}
