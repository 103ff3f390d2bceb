import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'
import { GUARD_DIALECT } from './guard-credential.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

/**
 * Removes a guard: its credential is refused from now on. The removal is a revocation as well, so
 * every node learns of it and can close what the guard has open. One that is removed already is
 * removed again: the call before may have failed half-way.
 *
 * @throws {Refusal} `not_found`; `store_unavailable`: the same call again completes it.
 */
export async function removeGuard(
  dependencies: CoreDependencies,
  name: string,
  by: Pick<RevokeRequest, 'actor' | 'wait'>,
): Promise<Revoked> {
  const { store } = dependencies
  const guard = await store.findClient({ by: 'key', dialect: GUARD_DIALECT, value: name })
  if (guard === undefined) return refuse({ kind: 'not_found' })
  await store.updateClient(guard.id, { status: 'disabled' })
  return revoke(dependencies, { scope: 'client', key: guard.id, reason: 'client_disabled', ...by })
}
