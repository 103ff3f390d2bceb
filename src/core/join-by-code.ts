import { refuse } from '../domain/failure.ts'
import { isOvertaken } from '../domain/generation.ts'
import { participantKey } from '../domain/scope.ts'
import { codeKind, findGrant, type CodeGrant } from './authorization-code.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest } from './handles.ts'
import { joinSession, type JoinRequest } from './join-session.ts'
import type { IssuedTokens } from './open-session.ts'
import { revoke } from './revoke.ts'

export interface JoinByCode {
  readonly dialect: string
  readonly code: string
  /**
   * Whether the caller may use the code; refuses where not. It comes before everything else, so
   * that a stranger who merely saw a code can end nothing with it.
   */
  readonly permit: (grant: CodeGrant) => void
  /** How the client of the code joins the session that was logged in to. */
  readonly join: (grant: CodeGrant) => Omit<JoinRequest, 'clientId' | 'dialect'>
}

/**
 * Uses a code up to let its client into a session that is open. A code that comes a second time
 * ends the client's part in that session, and with it all that was issued for the code (RFC 6749,
 * section 4.1.2; RFC 9700, section 4.5).
 *
 * The client joins first and the code is marked then, so that a crash in between costs nothing: the
 * code is good still, and what was stored has been handed to nobody. Of any number of callers, at
 * whatever node, the one that marks the code hands its tokens out.
 *
 * @throws {Refusal} What `permit` refuses with; `token_invalid`: there is no such code, or it was
 *   used before; `token_expired`; `token_revoked`: the session, or what the consent was for, has
 *   ended since; `account_disabled`, `store_unavailable`.
 */
export async function joinByCode(
  dependencies: CoreDependencies,
  { dialect, code, permit, join }: JoinByCode,
): Promise<IssuedTokens> {
  const { store, clock } = dependencies
  const place = { kind: codeKind(dialect), key: digest(code) }
  const grant = await findGrant(dependencies, place)
  if (grant === undefined) return refuse({ kind: 'token_invalid', reason: 'there is no such code' })
  permit(grant)
  const { clientId } = grant
  const request = join(grant)
  const endPart = () =>
    revoke(dependencies, {
      scope: 'participant',
      key: participantKey(clientId, request.sid),
      reason: 'compromised',
      actor: `client:${clientId}`,
      wait: true,
    })
  if (grant.isUsed) {
    await endPart()
    return refuse(usedBefore)
  }
  if (clock.nowMs() > grant.validUntilMs) return refuse({ kind: 'token_expired' })
  const issued = await joinSession(dependencies, { ...request, clientId, dialect })
  if ((await store.countAttempt(place.kind, place.key)) !== 1) {
    await endPart()
    return refuse(usedBefore)
  }
  if (isOvertaken(grant.generations, issued.session.generations)) {
    await endPart()
    return refuse({ kind: 'token_revoked' })
  }
  return issued
}

const usedBefore = { kind: 'token_invalid', reason: 'the code was used before' } as const
