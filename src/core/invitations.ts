/** Invitations: a code, good once and for a day, with which a person becomes an operator. */
import { refuse } from '../domain/failure.ts'
import { mayActAs, type Operator, type Role } from '../domain/operator.ts'
import type { CoreDependencies } from './dependencies.ts'
import { handleVerbs } from './handles.ts'
import { operatorVerbs, refuseBadOperator } from './operators.ts'

const KIND = 'operator-set-up'

/** For how long an invitation is good, milliseconds. */
const INVITATION_MS = 86_400_000

interface Invitation {
  readonly role: Role
  /** True: only for as long as there is no operator. */
  readonly isFirst: boolean
  /** The operator who made it, for whom it ends; none with the admin token. */
  readonly inviter?: Pick<Operator, 'id' | 'name'>
}

export interface Invited {
  /** The secret half of the link, to be shown once. */
  readonly code: string
  readonly expiresAtMs: number
}

export interface Invitations {
  issue(invitation: Invitation): Promise<Invited>
  /** One for the first operator; undefined where there is an operator. */
  issueFirst(): Promise<Invited | undefined>
  /**
   * Adds an operator by a code, which is used up. One that an operator made is good only while they
   * are an admin: a link that they kept does not bring them back. A name or a password that will
   * not do leaves it as it is.
   *
   * @throws {Refusal} `not_found` for a code that is not good, or no longer; what `Operators.add`
   *   throws.
   */
  accept(code: string, name: string, password: string): Promise<Operator>
}

export function invitationVerbs(dependencies: CoreDependencies): Invitations {
  const { store, clock } = dependencies
  const handles = handleVerbs(dependencies)
  const operators = operatorVerbs(dependencies)

  const isAnybodyThere = async (): Promise<boolean> =>
    (await store.listOperators({ limit: 1, cursor: undefined })).items.length > 0

  const isStillAdmin = async ({ id, name }: Pick<Operator, 'id' | 'name'>): Promise<boolean> => {
    const found = await store.findOperator(name)
    return found?.id === id && mayActAs(found.role, 'admin')
  }

  const issue = async (invitation: Invitation): Promise<Invited> => {
    const expiresAtMs = clock.nowMs() + INVITATION_MS
    const { role, isFirst, inviter } = invitation
    const value = { role, isFirst, ...(inviter && { inviter: { ...inviter } }) }
    return {
      code: await handles.issue({ kind: KIND, value, lifetimeMs: INVITATION_MS }),
      expiresAtMs,
    }
  }

  return {
    issue,
    issueFirst: async () =>
      (await isAnybodyThere()) ? undefined : issue({ role: 'admin', isFirst: true }),

    async accept(code, name, password) {
      const found = (await handles.find(KIND, code)) as unknown as Invitation | undefined
      if (found === undefined) return refuse({ kind: 'not_found' })
      if (found.isFirst && (await isAnybodyThere())) return refuse({ kind: 'not_found' })
      const { inviter } = found
      if (inviter !== undefined && !(await isStillAdmin(inviter))) {
        return refuse({ kind: 'not_found' })
      }
      const wish = { name, role: found.role, password }
      refuseBadOperator(wish)
      if ((await operators.find(name)) !== undefined) {
        return refuse({ kind: 'conflict', reason: 'the name is taken' })
      }
      // Before anything is added: of two callers one has used it up.
      if (!(await handles.take(KIND, code))) return refuse({ kind: 'not_found' })
      return operators.add(wish)
    },
  }
}
