import type { Client, NewClient } from '../domain/identity.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import { mintSecret } from './mint-secret.ts'
import { hashPassword } from './password.ts'

/**
 * Adds a client. A secret is given, generated, or there is none.
 *
 * @returns The client, and the secret where it was generated: it is known this once.
 * @throws {Refusal} `conflict` where the id or the key is taken; `store_unavailable`.
 */
export async function addClient(
  { store, clock, random, passwordCost }: CoreDependencies,
  { id, dialect, key, name = key, attributes = {}, ...rest }: NewClient,
): Promise<{ readonly client: Client; readonly generated: string | undefined }> {
  const nowMs = clock.nowMs()
  const generated = rest.generateSecret === true ? mintSecret(random) : undefined
  const secret = generated ?? rest.secret
  const client: Client = {
    id: id ?? mintId(random, nowMs),
    name,
    dialect,
    key,
    secretHash: secret === undefined ? undefined : await hashPassword(secret, passwordCost),
    allowlist: rest.allowlist ?? [],
    redirectUris: rest.redirectUris ?? [],
    status: 'active',
    createdAtMs: nowMs,
    attributes,
  }
  await store.createClient(client)
  return { client, generated }
}
