/**
 * Credentials of guards: a name and a secret of 256 random bits, so a fast hash is enough, and it
 * is checked on every connection. A guard is stored as a client of the dialect `guard`.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { Random } from '../ports/random.ts'
import type { CoreDependencies } from './dependencies.ts'

/** What `Client.dialect` says of a guard. */
export const GUARD_DIALECT = 'guard'

/** Names of guards: lower-case letters, digits and hyphens, at most 64 characters. */
export const GUARD_NAME: RegExp = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/

const MAX_CREDENTIAL_LENGTH = 256

/**
 * Mints a credential for a guard: `<name>.<secret>`.
 *
 * @returns The credential, to be shown once, and what is stored of it.
 */
export function mintGuardCredential(
  random: Random,
  name: string,
): { readonly credential: string; readonly secretHash: string } {
  const credential = `${name}.${Buffer.from(random.bytes(32)).toString('base64url')}`
  return { credential, secretHash: hashGuardCredential(credential) }
}

/** What is stored of a guard's credential: SHA-256 over the whole of it. */
export function hashGuardCredential(credential: string): string {
  return `sha256:${createHash('sha256').update(credential).digest('base64url')}`
}

/**
 * Checks the credential that a guard presents. The part before the first dot names the guard; a
 * credential without a dot is its own name, which only the demo uses.
 *
 * @returns The guard, as a client.
 * @throws {Refusal} `credentials_invalid` for an unknown guard, a wrong secret and a removed guard
 *   alike; `store_unavailable`.
 */
export async function authenticateGuard(
  dependencies: CoreDependencies,
  credential: string,
): Promise<Client> {
  if (credential.length > MAX_CREDENTIAL_LENGTH) return refuse({ kind: 'credentials_invalid' })
  const [name = ''] = credential.split('.', 1)
  const guard = await dependencies.store.findClient({
    by: 'key',
    dialect: GUARD_DIALECT,
    value: name,
  })
  const presented = Buffer.from(hashGuardCredential(credential))
  const stored = Buffer.from(guard?.secretHash ?? hashGuardCredential(''))
  const right = stored.length === presented.length && timingSafeEqual(stored, presented)
  if (guard === undefined || !right || guard.status === 'disabled') {
    return refuse({ kind: 'credentials_invalid' })
  }
  return guard
}
