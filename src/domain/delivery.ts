import type { Json } from './session.ts'

/**
 * - `owed`: to be sent when it is due.
 * - `claimed`: a node is sending it; its claim ends when it is due, and another node takes over.
 * - `delivered`: the receiver has taken it.
 * - `dead`: given up, with a reason. An operator has to look, and can have it retried.
 */
export const deliveryStates = ['owed', 'claimed', 'delivered', 'dead'] as const

export type DeliveryState = (typeof deliveryStates)[number]

/** One message that is owed to one receiver, because of one entry of the log. */
export interface OwedDelivery {
  /**
   * A UUID that follows from the entry, the receiver and what the message is about: to plan it
   * twice is one delivery, and a receiver that gets it twice can tell.
   */
  readonly id: string
  /** Who is told: `<kind>:<name>`, such as `mvpd:DemoMVPD`. */
  readonly receiver: string
  /** Whom it concerns, in the receiver's words. Messages to one receiver on one subject keep order. */
  readonly subject: string
  /** The entry of the log because of which it is owed. */
  readonly revocationId: string
  /** What the receiver makes its message of. No secrets. */
  readonly facts: { readonly [name: string]: Json }
  readonly createdAtMs: number
}

export interface Delivery extends OwedDelivery {
  readonly state: DeliveryState
  /** How often it was claimed in order to be sent. */
  readonly attempts: number
  /** `owed`: when it is tried next. `claimed`: when the claim ends. */
  readonly dueAtMs: number
  /** Which process has claimed it. */
  readonly claimedBy: string | undefined
  /** Why the last attempt failed, in words. No secrets. */
  readonly lastError: string | undefined
  /** When that was; undefined also where a version failed that did not note it. */
  readonly failedAtMs: number | undefined
  /** When it was delivered or given up. */
  readonly settledAtMs: number | undefined
}

/** The kind of a receiver: which part of the program tells it. */
export function receiverKind(receiver: string): string {
  return receiver.slice(0, receiver.indexOf(':'))
}

/** The name of a receiver among those of its kind. */
export function receiverName(receiver: string): string {
  return receiver.slice(receiver.indexOf(':') + 1)
}
