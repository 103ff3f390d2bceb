/**
 * The contract of `ports/store.ts`, as checks that any store can be put to: ours, and those of
 * others.
 *
 * It owns what a store promises; what only one store can be asked (its files, its threads, its
 * crashes) is tested beside that store. Each check gets an empty store of its own, so that one that
 * fails says one thing. `test/stores/contract-catches.test.ts` tries the checks themselves on
 * stores that are broken on purpose.
 */
import { describe, it } from 'node:test'
import { accessHorizonChecks } from './contract/access-horizon.ts'
import type { Check, StoreUnderTest } from './contract/check.ts'
import { cutChecks } from './contract/cut.ts'
import { deliveryChecks } from './contract/deliveries.ts'
import { deliveryPlanChecks } from './contract/delivery-plans.ts'
import { directoryChecks } from './contract/directory.ts'
import { foreignChecks } from './contract/foreign.ts'
import { foreignSessionChecks } from './contract/foreign-sessions.ts'
import { hostileChecks } from './contract/hostile.ts'
import { logListChecks } from './contract/log-lists.ts'
import { logChecks } from './contract/log.ts'
import { maintenanceChecks } from './contract/maintenance.ts'
import { operatorChecks, passkeyChecks } from './contract/operators.ts'
import { participantChecks } from './contract/participants.ts'
import { raceChecks } from './contract/races.ts'
import { receiverChecks } from './contract/receivers.ts'
import { rotateChecks } from './contract/rotate.ts'
import { redeemChecks } from './contract/redeem.ts'
import { sessionListChecks } from './contract/session-lists.ts'
import { sessionStatusChecks } from './contract/session-status.ts'
import { sessionChecks } from './contract/sessions.ts'
import { ticketChecks } from './contract/tickets.ts'

export type { Check, StoreUnderTest } from './contract/check.ts'

/** Every check, in the order of the port. */
export const storeChecks: readonly Check[] = [
  ...logChecks,
  ...logListChecks,
  ...foreignChecks,
  ...cutChecks,
  ...sessionChecks,
  ...redeemChecks,
  ...rotateChecks,
  ...participantChecks,
  ...accessHorizonChecks,
  ...sessionListChecks,
  ...sessionStatusChecks,
  ...directoryChecks,
  ...ticketChecks,
  ...deliveryPlanChecks,
  ...deliveryChecks,
  ...receiverChecks,
  ...foreignSessionChecks,
  ...operatorChecks,
  ...passkeyChecks,
  ...maintenanceChecks,
  ...raceChecks,
  ...hostileChecks,
]

/**
 * Declares the whole contract as tests of `node:test`.
 *
 * @param name Of the store, for the report.
 * @param makeStore Makes a store that holds nothing, for one check.
 */
export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a store`, () => {
    for (const check of storeChecks) {
      it(check.name, async () => {
        const subject = await makeStore()
        try {
          await check.run(subject)
        } finally {
          await subject.close()
        }
      })
    }
  })
}
