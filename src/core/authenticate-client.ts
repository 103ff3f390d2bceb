import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { CoreDependencies } from './dependencies.ts'
import { checkPassword, spendPasswordTime } from './password.ts'

/**
 * Checks a client's key and secret.
 *
 * @returns The client.
 * @throws {Refusal} `credentials_invalid` for an unknown key and a wrong secret alike;
 *   `account_disabled` only where the secret was right.
 */
export async function authenticateClient(
  dependencies: CoreDependencies,
  dialect: string,
  key: string,
  secret: string,
): Promise<Client> {
  const client = await dependencies.store.findClient({ by: 'key', dialect, value: key })
  const isRight = await isClientSecret(dependencies, client, secret)
  if (client === undefined || !isRight) return refuse({ kind: 'credentials_invalid' })
  if (client.status === 'disabled') return refuse({ kind: 'account_disabled' })
  return client
}

/**
 * Whether a secret is the client's. Takes as long where there is no client, or one without a
 * secret.
 */
export async function isClientSecret(
  { passwordCost }: Pick<CoreDependencies, 'passwordCost'>,
  client: Client | undefined,
  secret: string,
): Promise<boolean> {
  if (client?.secretHash !== undefined) return checkPassword(client.secretHash, secret)
  await spendPasswordTime(secret, passwordCost)
  return false
}
