import type { Operator, OperatorIdentity } from '../domain/operator.ts'
import type { Passkey } from '../domain/passkey.ts'
import type { Page, PageRequest } from './page.ts'

/** Only what is given changes. */
export type OperatorChange = Partial<Pick<Operator, 'role' | 'passwordHash'>>

export interface OperatorStore {
  /** Rejects with `conflict` where another operator has the name or the identity. */
  createOperator(operator: Operator): Promise<void>
  findOperator(name: string): Promise<Operator | undefined>
  /** By issuer, claim and value, each to the character. */
  findOperatorByIdentity(identity: OperatorIdentity): Promise<Operator | undefined>
  /** By name. */
  listOperators(page: PageRequest): Promise<Page<Operator>>
  /** Rejects with `not_found`, also where the name is another operator's by now. */
  updateOperator(operator: Pick<Operator, 'id' | 'name'>, change: OperatorChange): Promise<Operator>
  /** With the operator's passkeys, in one transaction. False where there is none of that name. */
  removeOperator(name: string): Promise<boolean>
}

export interface UsePasskeyCommand {
  readonly id: string
  readonly counter: number
  readonly usedAtMs: number
}

export interface PasskeyStore {
  /** Rejects with `conflict` where a passkey has that id. */
  addPasskey(passkey: Passkey): Promise<void>
  findPasskey(id: string): Promise<Passkey | undefined>
  /** From the oldest. */
  listPasskeys(holder: string): Promise<readonly Passkey[]>
  /**
   * Notes that a passkey was used, where its counter has grown, or it does not count: both are 0.
   * Of two callers with the same counter at most one gets true. False means that the key was
   * copied, or that it is gone.
   */
  usePasskey(command: UsePasskeyCommand): Promise<boolean>
  /** False where that holder has no such passkey. */
  removePasskey(holder: string, id: string): Promise<boolean>
}
