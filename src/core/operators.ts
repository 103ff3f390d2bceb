/** Operators: who they are, and how they are added, changed and removed. */
import { defined } from '../domain/defined.ts'
import { refuse } from '../domain/failure.ts'
import {
  MIN_OPERATOR_PASSWORD_LENGTH,
  operatorSubject,
  wrongOperatorName,
  type NewOperator,
  type Operator,
  type OperatorPatch,
} from '../domain/operator.ts'
import type { OperatorStore } from '../ports/operator.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'
import { removePasskeys } from './passkeys.ts'
import { checkPassword, hashPassword, MAX_PASSWORD_LENGTH, spendPasswordTime } from './password.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

export interface OperatorChanged {
  readonly operator: Operator
  /** What a new password ended: every session of the operator. Their passkeys are removed too. */
  readonly revoked: Revoked | undefined
}

type By = Pick<RevokeRequest, 'actor' | 'wait'>

export interface Operators {
  readonly find: OperatorStore['findOperator']
  readonly list: OperatorStore['listOperators']
  /**
   * @throws {Refusal} `invalid_parameter` for a name or a password that will not do, `conflict`
   *   where the name or the identity is taken, `store_unavailable`.
   */
  add(operator: NewOperator): Promise<Operator>
  /** A role counts from the next request on. @throws {Refusal} As `add`; `not_found`. */
  change(name: string, patch: OperatorPatch, by: By): Promise<OperatorChanged>
  /**
   * Removes an operator and ends what they have open. One who is removed already is removed again:
   * the call before may have failed half-way.
   *
   * @throws {Refusal} `not_found` where there never was one; `store_unavailable`.
   */
  remove(name: string, by: By): Promise<Revoked>
  /**
   * @throws {Refusal} `credentials_invalid` for an unknown name and a wrong password alike, in the
   *   same time.
   */
  authenticate(name: string, password: string): Promise<Operator>
}

export function operatorVerbs(dependencies: CoreDependencies): Operators {
  const { store, clock, random, passwordCost } = dependencies

  const hash = async (password: string | undefined): Promise<string | undefined> => {
    if (password === undefined) return undefined
    refuseBadPassword(password)
    return hashPassword(password, passwordCost)
  }

  const endSessions = (name: string, reason: RevokeRequest['reason'], by: By): Promise<Revoked> =>
    revoke(dependencies, { scope: 'subject', key: operatorSubject(name), reason, ...by })

  return {
    find: (name) => store.findOperator(name),
    list: (page) => store.listOperators(page),

    async add({ name, role, password, identity }) {
      refuseBadOperator({ name, password })
      if (password !== undefined && identity !== undefined) refuseSecondWay()
      const nowMs = clock.nowMs()
      const passwordHash = await hash(password)
      const id = mintId(random, nowMs)
      const operator = { id, name, role, passwordHash, identity, createdAtMs: nowMs }
      await store.createOperator(operator)
      return operator
    },

    async change(name, { role, password }, by) {
      const found = (await store.findOperator(name)) ?? refuse({ kind: 'not_found' })
      if (password !== undefined && found.identity !== undefined) return refuseSecondWay()
      const passwordHash = await hash(password)
      const operator = await store.updateOperator(found, {
        ...defined({ role, passwordHash }),
      })
      // After it is stored: see `changeSubject`.
      const isEnding = passwordHash !== undefined
      const revoked = isEnding ? await endSessions(name, 'password_changed', by) : undefined
      if (isEnding) await removePasskeys(dependencies, operatorSubject(name), by.actor)
      return { operator, revoked }
    },

    async remove(name, by) {
      const isRemoved = await store.removeOperator(name)
      const { items } = isRemoved
        ? { items: [] }
        : await store.listSessions({ subjectId: operatorSubject(name) }, clock.nowMs(), {
            limit: 1,
            cursor: undefined,
          })
      if (!isRemoved && items.length === 0) return refuse({ kind: 'not_found' })
      return endSessions(name, 'subject_disabled', by)
    },

    async authenticate(name, password) {
      const operator = await store.findOperator(name)
      if (operator?.passwordHash === undefined) {
        await spendPasswordTime(password, passwordCost)
        return refuse({ kind: 'credentials_invalid' })
      }
      const isRight = await checkPassword(operator.passwordHash, password)
      return isRight ? operator : refuse({ kind: 'credentials_invalid' })
    },
  }
}

/** An operator who loses the account at the identity provider has no other way in. */
function refuseSecondWay(): never {
  const reason = 'must not be given to an operator who signs in at an identity provider'
  return refuse({ kind: 'invalid_parameter', parameter: 'password', reason })
}

/** @throws {Refusal} `invalid_parameter` for a name or a password that will not do. */
export function refuseBadOperator({
  name,
  password,
}: {
  readonly name: string
  readonly password: string | undefined
}): void {
  const reason = wrongOperatorName(name)
  if (reason !== undefined) refuse({ kind: 'invalid_parameter', parameter: 'name', reason })
  if (password !== undefined) refuseBadPassword(password)
}

function refuseBadPassword(password: string): void {
  const { length } = password
  if (length >= MIN_OPERATOR_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return
  const reason = `must have ${String(MIN_OPERATOR_PASSWORD_LENGTH)} to ${String(MAX_PASSWORD_LENGTH)} characters`
  refuse({ kind: 'invalid_parameter', parameter: 'password', reason })
}
