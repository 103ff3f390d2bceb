import { refuse } from '../domain/failure.ts'
import { isOvertaken } from '../domain/generation.ts'
import { participantKey } from '../domain/scope.ts'
import { codeKind, findGrant, storedGrant, type CodeGrant } from './authorization-code.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest } from './handles.ts'
import { firstTokens, type IssuedTokens } from './issued-tokens.ts'
import { joinCommand, type JoinRequest } from './join-session.ts'
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
 * Redeems a code to let its client into an open session. A second use of the code ends the client's
 * part in that session, with everything that was issued for the code (RFC 6749, section 4.1.2; RFC
 * 9700, section 4.5). The store marks the code as used in the transaction that lets the client in,
 * so of concurrent callers at any node only one gets tokens.
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
  const request = { ...join(grant), clientId, dialect }
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
  const prepared = await joinCommand(dependencies, request)
  const ticket = { ...place, value: JSON.stringify(storedGrant(grant)) }
  const outcome = await store.redeem({ ticket, join: prepared.command })
  switch (outcome.kind) {
    case 'used':
      await endPart()
      return refuse(usedBefore)
    case 'ended':
      return refuse({ kind: 'token_revoked' })
    case 'redeemed': {
      const { session } = outcome
      if (isOvertaken(grant.generations, session.generations)) {
        await endPart()
        return refuse({ kind: 'token_revoked' })
      }
      return firstTokens(
        dependencies,
        request,
        session,
        prepared.command.joinedAtMs,
        prepared.refreshToken,
      )
    }
  }
}

const usedBefore = { kind: 'token_invalid', reason: 'the code was used before' } as const
