import type { Subject, SubjectPatch } from '../domain/identity.ts'
import type { Reason } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintSecret } from './mint-secret.ts'
import { removePasskeys } from './passkeys.ts'
import { hashPassword } from './password.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

export interface SubjectChanged {
  readonly subject: Subject
  /** The new password, where it was generated: it is known this once. */
  readonly generated: string | undefined
  /** What the change ended. */
  readonly revoked: Revoked | undefined
}

/**
 * Changes a person: only what is given. A new password ends every session and removes every passkey
 * unless they are to be kept; `disabled` ends every session and refuses new ones.
 *
 * What is stored comes first and the revocation second: a login between the two is opened before
 * the generation is raised and dies with it; the other way round it would survive. Both can be
 * repeated, so a call that failed half-way is mended by the same call again.
 *
 * @throws {Refusal} `not_found`; `store_unavailable`: some of it may be stored.
 */
export async function changeSubject(
  dependencies: CoreDependencies,
  id: string,
  { password: given, generatePassword = false, keepSessions = false, ...kept }: SubjectPatch,
  by: Pick<RevokeRequest, 'actor' | 'wait'>,
): Promise<SubjectChanged> {
  const { store, random, passwordCost } = dependencies
  const generated = generatePassword ? mintSecret(random) : undefined
  const password = generated ?? given
  const subject = await store.updateSubject(id, {
    ...kept,
    ...(password === undefined ? {} : { passwordHash: await hashPassword(password, passwordCost) }),
  })
  const passwordEnds = password !== undefined && !keepSessions
  const reason = reasonToEnd(kept.status, passwordEnds)
  const revoked =
    reason && (await revoke(dependencies, { scope: 'subject', key: id, reason, ...by }))
  if (passwordEnds) await removePasskeys(dependencies, id, by.actor)
  return { subject, generated, revoked }
}

function reasonToEnd(status: SubjectPatch['status'], passwordEnds: boolean): Reason | undefined {
  if (status === 'disabled') return 'subject_disabled'
  return passwordEnds ? 'password_changed' : undefined
}
