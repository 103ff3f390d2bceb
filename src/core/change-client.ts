import type { Client, ClientPatch } from '../domain/identity.ts'
import type { Reason } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'
import { findClient } from './list-clients.ts'
import { mintSecret } from './mint-secret.ts'
import { hashPassword } from './password.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

export interface ClientChanged {
  readonly client: Client
  /** The new secret, where there is one: it is known this once. */
  readonly generated: string | undefined
  /** What the change ended. */
  readonly revoked: Revoked | undefined
}

/**
 * Changes a client that is not a guard: only what is given. As with subjects, the change is stored
 * before what it ends is ended, and both can be repeated.
 *
 * @throws {Refusal} `not_found`; `conflict` by `attributesBefore`; `store_unavailable`: some of it
 *   may be stored.
 */
export async function changeClient(
  dependencies: CoreDependencies,
  id: string,
  { rotateSecret = false, endSessions = false, ...kept }: ClientPatch,
  by: Pick<RevokeRequest, 'actor' | 'wait'>,
): Promise<ClientChanged> {
  const { store, random, passwordCost } = dependencies
  await findClient(dependencies, id)
  const generated = rotateSecret ? mintSecret(random) : undefined
  const client = await store.updateClient(id, {
    ...kept,
    ...(generated === undefined ? {} : { secretHash: await hashPassword(generated, passwordCost) }),
  })
  const reason = reasonToEnd(kept.status, endSessions)
  const revoked =
    reason && (await revoke(dependencies, { scope: 'client', key: id, reason, ...by }))
  return { client, generated, revoked }
}

function reasonToEnd(status: ClientPatch['status'], endSessions: boolean): Reason | undefined {
  if (status === 'disabled') return 'client_disabled'
  return endSessions ? 'revoked_by_operator' : undefined
}
