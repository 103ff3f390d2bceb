import { refuse } from '../domain/failure.ts'
import type { Session } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import type { IssuedTokens } from './open-session.ts'
import { mintRefreshToken } from './refresh-token.ts'
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
  const { store, clock, random } = dependencies
  const session = await store.findSession(request.sid)
  if (session === undefined) return refuse({ kind: 'token_revoked' })
  const nowMs = clock.nowMs()
  const refreshToken =
    request.refreshLifetimeMs === undefined
      ? undefined
      : mintRefreshToken(random, nowMs, nowMs + request.refreshLifetimeMs)
  const joined = await store.joinSession({
    participantId: mintId(random, nowMs),
    session,
    clientId: request.clientId,
    dialect: request.dialect,
    joinedAtMs: nowMs,
    attributes: request.attributes ?? {},
    refreshToken: refreshToken?.record,
  })
  if (joined === undefined) return refuse({ kind: 'token_revoked' })
  const access = await signAccess(dependencies, {
    session: joined,
    audience: request.audience,
    lifetimeMs: request.accessLifetimeMs,
    // The moment up to which the store has let a token live is counted from here.
    issuedAtMs: nowMs,
    ...(request.claims === undefined ? {} : { claims: request.claims }),
  })
  return {
    session: joined,
    access,
    refresh: refreshToken && {
      token: refreshToken.token,
      expiresAtMs: refreshToken.record.expiresAtMs,
    },
  }
}
