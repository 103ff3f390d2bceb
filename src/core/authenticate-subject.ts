import { refuse } from '../domain/failure.ts'
import type { Subject } from '../domain/identity.ts'
import type { SubjectLookup } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import { checkPassword, spendPasswordTime } from './password.ts'

/**
 * Checks a person's password.
 *
 * @returns The subject.
 * @throws {Refusal} `credentials_invalid` for an unknown name and a wrong password alike, in the
 *   same time; `account_disabled` only where the password was right.
 */
export async function authenticateSubject(
  dependencies: CoreDependencies,
  lookup: SubjectLookup,
  password: string,
): Promise<Subject> {
  const subject = await dependencies.store.findSubject(lookup)
  if (subject?.passwordHash === undefined) {
    await spendPasswordTime(password, dependencies.passwordCost)
    return refuse({ kind: 'credentials_invalid' })
  }
  if (!(await checkPassword(subject.passwordHash, password))) {
    return refuse({ kind: 'credentials_invalid' })
  }
  if (subject.status === 'disabled') return refuse({ kind: 'account_disabled' })
  return subject
}
