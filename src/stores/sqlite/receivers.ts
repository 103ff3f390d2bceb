/** Receivers that deliveries are stored for, and how many of each kind. */
import type { DatabaseSync } from 'node:sqlite'
import type { LongQueries } from '../commands.ts'
import { checkLimit } from '../pages.ts'
import { MAX_RECEIVERS, toReceiverDeliveries, type ReceiverRow } from '../receiver-rows.ts'
import { shaped } from './rows.ts'

export function receiverReader(
  database: DatabaseSync,
): Pick<LongQueries, 'storedReceivers' | 'countByReceiver'> {
  // Jumps from one receiver to the next in the index, however much is stored for each.
  const next = database.prepare(
    'SELECT min(receiver) AS receiver FROM deliveries WHERE receiver > ?',
  )
  // Indexes are named, since others hold all of a receiver.
  const those = (index: string, condition: string): string =>
    `FROM deliveries INDEXED BY ${index} WHERE receiver = :receiver AND ${condition}`
  const owed = those('deliveries_owed', 'settled_at_ms IS NULL')
  const failed = `${those('deliveries_failed', 'failed_at_ms IS NOT NULL')}
    AND last_error IS NOT NULL ORDER BY failed_at_ms DESC LIMIT 1`
  const count = database.prepare(
    `SELECT :receiver AS receiver, (SELECT count(*) ${owed}) AS owed,
       (SELECT count(*) ${those('deliveries_dead', `state = 'dead'`)}) AS dead,
       (SELECT min(created_at_ms) ${owed}) AS oldest,
       (SELECT max(settled_at_ms) ${those('deliveries_delivered', `state = 'delivered'`)})
         AS delivered,
       (SELECT failed_at_ms ${failed}) AS failed, (SELECT last_error ${failed}) AS error`,
  )
  return {
    storedReceivers(after, limit) {
      checkLimit(limit, MAX_RECEIVERS)
      const receivers: string[] = []
      for (let last = after; receivers.length < limit;) {
        const { receiver } = shaped<{ receiver: string | null }>(next.get(last))
        if (receiver === null) break
        receivers.push(receiver)
        last = receiver
      }
      return receivers
    },
    countByReceiver: (receivers) => {
      if (receivers.length > 0) checkLimit(receivers.length, MAX_RECEIVERS)
      return receivers.map((receiver) =>
        toReceiverDeliveries(shaped<ReceiverRow>(count.get({ receiver }))),
      )
    },
  }
}
