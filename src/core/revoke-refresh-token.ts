import type { Session } from '../domain/session.ts'
import { participantKey } from '../domain/scope.ts'
import type { CoreDependencies } from './dependencies.ts'
import { namesOfStored } from './find-ending.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

/**
 * Ends a refresh token, and with it the part that its client has in the session: its other refresh
 * tokens and its access tokens (RFC 7009, section 2.1). Other clients of the session stay in it.
 *
 * @param session As the client has it that the refresh token was issued to.
 * @throws {Refusal} `store_unavailable` where it could not be stored: then nothing has ended.
 */
export function revokeRefreshToken(
  dependencies: CoreDependencies,
  session: Session,
  request: Pick<RevokeRequest, 'reason' | 'actor' | 'note' | 'wait'>,
): Promise<Revoked> {
  return revoke(dependencies, {
    ...request,
    scope: 'participant',
    key: participantKey(session.clientId, session.sid),
    ifGeneration: session.generations.participant,
    names: namesOfStored(session),
  })
}
