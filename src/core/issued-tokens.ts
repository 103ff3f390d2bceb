import type { Session } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintRefreshToken, type MintedRefreshToken } from './refresh-token.ts'
import { signAccess, type AccessToken, type ExtraClaims } from './sign-access.ts'

/** What a login, a join or a refresh hands out. */
export interface IssuedTokens {
  readonly session: Session
  readonly access: AccessToken
  readonly refresh: { readonly token: string; readonly expiresAtMs: number } | undefined
}

/** The first tokens that a client is issued in a session. */
export interface TokenRequest {
  /** `aud` of its access tokens, before the installation's own audiences. */
  readonly audience: string
  readonly accessLifetimeMs: number
  /** Undefined: no refresh token. */
  readonly refreshLifetimeMs?: number
  /** Thumbprint of the key that the refresh token is bound to. */
  readonly boundTo?: string
  readonly claims?: ExtraClaims
}

/** The refresh token whose hash goes into the store; undefined where none was requested. */
export function firstRefreshToken(
  { random }: Pick<CoreDependencies, 'random'>,
  { refreshLifetimeMs, boundTo }: TokenRequest,
  nowMs: number,
): MintedRefreshToken | undefined {
  return refreshLifetimeMs === undefined
    ? undefined
    : mintRefreshToken(random, nowMs, nowMs + refreshLifetimeMs, boundTo)
}

/**
 * The tokens for a session that was opened or joined a moment ago.
 *
 * @param issuedAtMs The time in the command that was stored. The store has let the access token
 *   live from then on, and a later time would be cut short by the session's end.
 */
export async function firstTokens(
  dependencies: CoreDependencies,
  { audience, accessLifetimeMs, claims }: TokenRequest,
  session: Session,
  issuedAtMs: number,
  refreshToken: MintedRefreshToken | undefined,
): Promise<IssuedTokens> {
  const access = await signAccess(dependencies, {
    session,
    audience,
    lifetimeMs: accessLifetimeMs,
    issuedAtMs,
    ...(claims === undefined ? {} : { claims }),
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
