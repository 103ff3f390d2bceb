import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'
import { signAccess, type AccessRequest, type AccessToken } from './sign-access.ts'

/**
 * Issues one more access token for a session, in the transaction that checks that it is alive.
 *
 * @throws {Refusal} `token_revoked`, `store_unavailable`.
 */
export async function mint(
  dependencies: CoreDependencies,
  request: AccessRequest,
): Promise<AccessToken> {
  const { sid, participantId, accessLifetimeMs: lifetimeMs } = request.session
  // Signed first, so that what is committed is what it says.
  const access = await signAccess(dependencies, request)
  const { expiresAtMs } = access
  const life = { lifetimeMs, expiresAtMs }
  const stands = await dependencies.store.extendAccess({ sid, participantId, ...life })
  return stands ? access : refuse({ kind: 'token_revoked' })
}
