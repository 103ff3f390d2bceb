import type { Delivery } from '../domain/delivery.ts'
import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Has a delivery tried again now, as if it had never been tried.
 *
 * @returns As it is now.
 * @throws {Refusal} `not_found`; `conflict` where it was delivered.
 */
export async function retryDelivery(
  { store, clock }: CoreDependencies,
  id: string,
): Promise<Delivery> {
  const delivery = await store.retryDelivery(id, clock.nowMs())
  if (delivery === undefined) return refuse({ kind: 'not_found' })
  if (delivery.state === 'delivered') {
    return refuse({ kind: 'conflict', reason: 'it has been delivered' })
  }
  return delivery
}
