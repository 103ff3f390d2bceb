import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { CoreDependencies } from './dependencies.ts'
import { GUARD_DIALECT, mintGuardCredential } from './guard-credential.ts'
import { mintId } from './mint-id.ts'

/**
 * Adds a guard. The name of one that was removed is free again; the row stays, so that the log
 * keeps its meaning.
 *
 * @returns The guard, and its credential, which is known this once.
 * @throws {Refusal} `conflict` where a guard has this name; `store_unavailable`.
 */
export async function addGuard(
  { store, clock, random }: CoreDependencies,
  name: string,
): Promise<{ readonly guard: Client; readonly credential: string }> {
  const { credential, secretHash } = mintGuardCredential(random, name)
  const before = await store.findClient({ by: 'key', dialect: GUARD_DIALECT, value: name })
  if (before?.status === 'active') {
    return refuse({ kind: 'conflict', reason: `a guard is named ${name} already` })
  }
  if (before !== undefined) {
    const guard = await store.updateClient(before.id, { secretHash, status: 'active' })
    return { guard, credential }
  }
  const nowMs = clock.nowMs()
  const guard: Client = {
    id: mintId(random, nowMs),
    name,
    dialect: GUARD_DIALECT,
    key: name,
    secretHash,
    allowlist: [],
    redirectUris: [],
    status: 'active',
    createdAtMs: nowMs,
    attributes: {},
  }
  await store.createClient(guard)
  return { guard, credential }
}
