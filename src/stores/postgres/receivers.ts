/** Receivers that deliveries are stored for, and how many of each kind. */
import type { ReceiverDeliveries } from '../../ports/delivery.ts'
import { checkLimit } from '../pages.ts'
import { MAX_RECEIVERS, toReceiverDeliveries, type ReceiverRow } from '../receiver-rows.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'

/** Each delivery is in one of three indexes by state, and each of those has receivers in order. */
function nextBehind(name: string): string {
  const states = ['d.settled_at_ms IS NULL', `d.state = 'dead'`, `d.state = 'delivered'`]
  const next = states.map(
    (state) => `(SELECT min(d.receiver) FROM deliveries d WHERE d.receiver > ${name} AND ${state})`,
  )
  return `least(${next.join(', ')})`
}

// Jumps from one receiver to the next, however much is stored for each.
const stored: Statement = {
  name: 'receivers_stored',
  text: `WITH RECURSIVE r(receiver, n) AS (
      SELECT ${nextBehind('$1')}, 1
      UNION ALL
      SELECT ${nextBehind('r.receiver')}, r.n + 1
      FROM r WHERE r.receiver IS NOT NULL AND r.n < $2)
    SELECT r.receiver FROM r WHERE r.receiver IS NOT NULL ORDER BY r.n`,
}

export async function storedReceivers(
  link: Link,
  after: string,
  limit: number,
): Promise<readonly string[]> {
  checkLimit(limit, MAX_RECEIVERS)
  const rows = await link.run<{ receiver: string }>(stored, [after, limit])
  return rows.map(({ receiver }) => receiver)
}

function those(condition: string): string {
  return `FROM deliveries d WHERE d.receiver = r.receiver AND ${condition}`
}

const count: Statement = {
  name: 'receivers_count',
  text: `SELECT r.receiver, (SELECT count(*) ${those('d.settled_at_ms IS NULL')}) AS owed,
      (SELECT count(*) ${those(`d.state = 'dead'`)}) AS dead,
      (SELECT min(d.created_at_ms) ${those('d.settled_at_ms IS NULL')}) AS oldest,
      (SELECT max(d.settled_at_ms) ${those(`d.state = 'delivered'`)}) AS delivered,
      f.failed_at_ms AS failed, f.last_error AS error
    FROM unnest($1::text[]) WITH ORDINALITY AS r(receiver, n)
    LEFT JOIN LATERAL (SELECT d.failed_at_ms, d.last_error
        ${those('d.failed_at_ms IS NOT NULL')} AND d.last_error IS NOT NULL
        ORDER BY d.failed_at_ms DESC LIMIT 1) AS f ON true
    ORDER BY r.n`,
}

export async function countByReceiver(
  link: Link,
  receivers: readonly string[],
): Promise<readonly ReceiverDeliveries[]> {
  if (receivers.length === 0) return []
  checkLimit(receivers.length, MAX_RECEIVERS)
  return (await link.run<ReceiverRow>(count, [receivers])).map(toReceiverDeliveries)
}
