import { withNormalIdentifiers } from '../domain/identifiers.ts'
import type { NewSubject, Subject } from '../domain/identity.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import { mintSecret } from './mint-secret.ts'
import { hashPassword } from './password.ts'

/**
 * Adds a person. A password is given, generated, or there is none.
 *
 * @returns The person, and the password where it was generated: it is known this once.
 * @throws {Refusal} `conflict` where the id or a name is taken; `store_unavailable`.
 */
export async function addSubject(
  { store, clock, random, passwordCost }: CoreDependencies,
  { id, name = '', username, email, phone, attributes = {}, ...rest }: NewSubject,
): Promise<{ readonly subject: Subject; readonly generated: string | undefined }> {
  const nowMs = clock.nowMs()
  const generated = rest.generatePassword === true ? mintSecret(random) : undefined
  const password = generated ?? rest.password
  const subject = withNormalIdentifiers<Subject>({
    id: id ?? mintId(random, nowMs),
    name,
    username,
    email,
    phone,
    passwordHash: password === undefined ? undefined : await hashPassword(password, passwordCost),
    status: 'active',
    createdAtMs: nowMs,
    attributes,
  })
  await store.createSubject(subject)
  return { subject, generated }
}
