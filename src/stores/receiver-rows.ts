/** What is stored for a receiver, as both stores ask for it. */
import type { ReceiverDeliveries } from '../ports/delivery.ts'

/** Receivers that are counted, or named, at once. */
export const MAX_RECEIVERS = 10_000

export interface ReceiverRow {
  readonly receiver: string
  readonly owed: number
  readonly dead: number
  readonly oldest: number | null
  readonly delivered: number | null
  readonly failed: number | null
  readonly error: string | null
}

export function toReceiverDeliveries(row: ReceiverRow): ReceiverDeliveries {
  const { receiver, owed, dead, oldest, delivered, failed, error } = row
  return {
    receiver,
    owed,
    dead,
    oldestOwedAtMs: oldest ?? undefined,
    lastDeliveredAtMs: delivered ?? undefined,
    lastFailure: failed === null || error === null ? undefined : { atMs: failed, error },
  }
}
