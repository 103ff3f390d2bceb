/** Finds the operator whom an identity provider has signed in. */
import { createHash } from 'node:crypto'
import { Refusal } from '../domain/failure.ts'
import {
  operatorSubject,
  wrongOperatorName,
  type Operator,
  type OperatorIdentity,
  type Role,
} from '../domain/operator.ts'
import type { OperatorLogin } from '../domain/single-sign-on.ts'
import type { CoreDependencies } from './dependencies.ts'
import { operatorVerbs } from './operators.ts'
import { revoke } from './revoke.ts'

export type SignOnOutcome =
  | { readonly kind: 'known'; readonly operator: Operator }
  /** No operator with this identity was added. */
  | { readonly kind: 'unknown' }
  /** Nothing that the provider says gives a role. What this operator had open has ended. */
  | { readonly kind: 'no-role' }
  /** Another operator, who signs in otherwise, has the name that this one would get. */
  | { readonly kind: 'name-taken' }

/**
 * Finds the operator of an identity.
 *
 * @param role What the provider's claims make of them; undefined where roles are given here. Then
 *   only operators who were added before are known. Otherwise the provider decides: an operator is
 *   added where there is none, and has this role from now on.
 * @throws {Refusal} `store_unavailable`.
 */
export type OperatorSignOn = (
  login: OperatorLogin,
  role: Role | 'none' | undefined,
) => Promise<SignOnOutcome>

export function operatorSignOn(dependencies: CoreDependencies): OperatorSignOn {
  const { store } = dependencies
  const operators = operatorVerbs(dependencies)

  const find = async ({ issuer, subject, email }: OperatorLogin): Promise<Operator | undefined> =>
    (await store.findOperatorByIdentity({ issuer, claim: 'sub', value: subject })) ??
    (email === undefined
      ? undefined
      : store.findOperatorByIdentity({ issuer, claim: 'email', value: email }))

  const add = async (login: OperatorLogin, role: Role): Promise<SignOnOutcome> => {
    const { issuer, subject } = login
    const identity: OperatorIdentity = { issuer, claim: 'sub', value: subject }
    try {
      return {
        kind: 'known',
        operator: await operators.add({ name: nameOf(login), role, identity }),
      }
    } catch (error) {
      if (!(error instanceof Refusal && error.failure.kind === 'conflict')) throw error
      // They have signed in with another browser at this very moment, or the name is taken.
      const operator = await find(login)
      return operator === undefined ? { kind: 'name-taken' } : { kind: 'known', operator }
    }
  }

  return async (login, role) => {
    const found = await find(login)
    if (role === undefined) {
      return found === undefined ? { kind: 'unknown' } : { kind: 'known', operator: found }
    }
    if (role === 'none') {
      if (found !== undefined) {
        await revoke(dependencies, {
          scope: 'subject',
          key: operatorSubject(found.name),
          reason: 'subject_disabled',
          actor: `issuer:${login.issuer}`,
          wait: true,
        })
      }
      return { kind: 'no-role' }
    }
    if (found === undefined) return add(login, role)
    const isSame = found.role === role
    return {
      kind: 'known',
      operator: isSame ? found : await store.updateOperator(found, { role }),
    }
  }
}

/**
 * The name of an operator who was not named here: the verified e-mail address, or else `sub`. Never
 * what people choose for themselves, such as `preferred_username`.
 */
function nameOf({ email, subject }: OperatorLogin): string {
  const good = [email, subject].find(
    (name) => name !== undefined && wrongOperatorName(name) === undefined,
  )
  return good ?? `sign-on-${createHash('sha256').update(subject).digest('hex').slice(0, 16)}`
}
