import { refuse } from '../domain/failure.ts'
import type { Session } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import {
  mintRefreshToken,
  openAnswer,
  parseRefreshToken,
  sealAnswer,
  type ParsedRefreshToken,
} from './refresh-token.ts'
import { revoke } from './revoke.ts'
import { signAccess, type ExtraClaims } from './sign-access.ts'

export interface RefreshRequest {
  readonly refreshToken: string
  readonly dialect: string
  readonly audience: string
  readonly accessLifetimeMs: number
  /** Undefined: the token is used up and no new one is given (Matar). */
  readonly refreshLifetimeMs?: number
  /**
   * For this long after its first use the same token is forgiven: `same-answer` gives the same new
   * pair again, `new-access` another access token, `refuse` refuses without ending anything. Later
   * use is theft and ends the session.
   */
  readonly graceMs: number
  readonly onReplay: 'same-answer' | 'new-access' | 'refuse'
  /** Thumbprint of the key that the caller has proved to have. Without it no bound token is taken. */
  readonly provenKey?: string
  /** Thumbprint of the key that the next refresh token is bound to. */
  readonly boundTo?: string
  readonly claims?: ExtraClaims | ((session: Session) => ExtraClaims)
  /** Called before anything is used up, to refuse by address or client. */
  readonly permit?: (session: Session) => Promise<void> | void
}

/**
 * Exchanges a refresh token for new tokens, in the transaction that checks that its session is
 * alive.
 *
 * @throws {Refusal} `token_invalid` (unknown, or of another dialect), `token_expired`,
 *   `token_revoked`, `refresh_token_reused`, `store_unavailable`, and the refusals of `permit`.
 */
export async function refresh(
  dependencies: CoreDependencies,
  request: RefreshRequest,
): Promise<IssuedTokens> {
  const { store, clock, random } = dependencies
  const { presented, session } = await findPresented(dependencies, request)
  await request.permit?.(session)

  // Signed before the transaction, which records how long the new token lives, so that no replica
  // forgets a later revocation too early.
  const nowMs = clock.nowMs()
  const successor =
    request.refreshLifetimeMs === undefined
      ? undefined
      : mintRefreshToken(random, nowMs, nowMs + request.refreshLifetimeMs, request.boundTo)
  const access = await signAccess(dependencies, {
    session,
    audience: request.audience,
    lifetimeMs: request.accessLifetimeMs,
    claims: typeof request.claims === 'function' ? request.claims(session) : (request.claims ?? {}),
  })
  const issued: Omit<IssuedTokens, 'session'> = {
    access,
    refresh: successor && { token: successor.token, expiresAtMs: successor.record.expiresAtMs },
  }
  const outcome = await store.rotate({
    id: presented.id,
    secretHash: presented.secretHash,
    nowMs,
    graceMs: request.graceMs,
    successor: successor?.record,
    sealedAnswer:
      request.onReplay === 'same-answer'
        ? sealAnswer(random, presented.secret, JSON.stringify(issued))
        : noAnswer,
    access: { lifetimeMs: session.accessLifetimeMs, expiresAtMs: access.expiresAtMs },
  })
  switch (outcome.kind) {
    case 'rotated':
      return { session, ...issued }
    case 'replayed':
      switch (request.onReplay) {
        case 'refuse':
          return refuse({ kind: 'refresh_token_reused' })
        case 'new-access':
          return { session, access, refresh: undefined }
        case 'same-answer': {
          // At the first use another way of answering was configured.
          if (outcome.sealedAnswer.length === 0) return refuse({ kind: 'refresh_token_reused' })
          const answer = openAnswer(presented.secret, outcome.sealedAnswer)
          return { session, ...(JSON.parse(answer) as Omit<IssuedTokens, 'session'>) }
        }
      }
    case 'reused':
      await revoke(dependencies, {
        scope: 'session',
        key: session.sid,
        reason: 'refresh_token_reuse',
        actor: 'system',
        wait: true,
      })
      return refuse({ kind: 'refresh_token_reused' })
    case 'revoked':
      return refuse({ kind: 'token_revoked' })
    case 'expired':
      return refuse({ kind: 'token_expired' })
    case 'unknown':
      return refuse(unknownToken)
  }
}

/** The refresh token of a request and its session, where the caller may use it. */
async function findPresented(
  { store }: Pick<CoreDependencies, 'store'>,
  { refreshToken, dialect, provenKey }: RefreshRequest,
): Promise<{ readonly presented: ParsedRefreshToken; readonly session: Session }> {
  const presented = parseRefreshToken(refreshToken)
  if (presented === undefined) return refuse(unknownToken)
  const found = await store.findRefreshToken(presented.id, presented.secretHash)
  if (found === undefined || found.session.dialect !== dialect) return refuse(unknownToken)
  if (presented.boundTo !== undefined && presented.boundTo !== provenKey) {
    return refuse({ kind: 'token_invalid', reason: 'the refresh token is bound to another key' })
  }
  return { presented, session: found.session }
}

const noAnswer = new Uint8Array()

const unknownToken = { kind: 'token_invalid', reason: 'no such refresh token' } as const
