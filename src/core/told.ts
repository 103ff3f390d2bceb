import type { DeliveryState } from '../domain/delivery.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'
import { foreignDeliveries } from './plan-deliveries.ts'

/** A delivery that is owed because of an entry. */
export interface Told {
  /** Id of the delivery. */
  readonly id: string
  readonly receiver: string
  readonly state: DeliveryState
}

/**
 * Who has to be notified of an end of another issuer's tokens, and the state of each delivery. What
 * is owed follows from the entry, so it is known before any node has planned it; of one that is
 * just stored, nothing is read.
 *
 * @throws {Refusal} `store_unavailable`.
 */
export function toldOf(
  { store, receivers }: Pick<CoreDependencies, 'store' | 'receivers'>,
  entry: Revocation,
  isNew: boolean,
): Promise<readonly Told[]> {
  const owed = foreignDeliveries(receivers, entry, entry.atMs)
  return Promise.all(
    owed.map(async ({ id, receiver }) => {
      const planned = isNew ? undefined : await store.findDelivery(id)
      return { id, receiver, state: planned?.state ?? 'owed' }
    }),
  )
}
