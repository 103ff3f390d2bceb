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
  if (client?.secretHash === undefined) {
    await spendPasswordTime(secret, dependencies.passwordCost)
    return refuse({ kind: 'credentials_invalid' })
  }
  if (!(await checkPassword(client.secretHash, secret))) {
    return refuse({ kind: 'credentials_invalid' })
  }
  if (client.status === 'disabled') return refuse({ kind: 'account_disabled' })
  return client
}
