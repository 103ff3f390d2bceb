/**
 * Verifiers, deliveries, keys and callers of the admin API as they are on the wire: see
 * `admin-api.ts`.
 */
import { deliveryStates, type DeliveryState } from '../domain/delivery.ts'

/** What decides whether a token is good: a node, or a guard that is connected to one. */
export interface WireVerifier {
  readonly id: string
  readonly kind: 'node' | 'guard'
  readonly name: string
  /** Where it calls from; null for nodes. */
  readonly address: string | null
  /** True while it holds a lease. */
  readonly fresh: boolean
  readonly leaseLeftMs: number | null
  /** Entries that it has not acknowledged yet. */
  readonly behind: number
  /**
   * From the commit of entries to its acknowledgement of them, as last measured; or the age of the
   * oldest that it has not acknowledged, where that is more. Null before anything was measured.
   */
  readonly lagMs: number | null
  readonly connectedAt: string | null
}

export { deliveryStates, type DeliveryState }

/** A message that is owed because of a revocation. */
export interface WireDelivery {
  /** The same however often the message arrives there. */
  readonly id: string
  /** `<kind>:<name>`. */
  readonly receiver: string
  readonly subject: string
  /** Id of the revocation. */
  readonly revocation: string
  /** What the message says. */
  readonly facts: Readonly<Record<string, unknown>>
  /** `claimed`: it is being sent. `dead`: given up until it is retried by hand. */
  readonly state: DeliveryState
  readonly attempts: number
  readonly createdAt: string
  /** Null unless it is `owed`. */
  readonly nextAttemptAt: string | null
  /** When it was delivered or given up. */
  readonly settledAt: string | null
  readonly lastError: string | null
}

/** Somebody who is told of what ended, or was and still has deliveries. */
export interface WireReceiver {
  /** `<kind>:<name>`, as deliveries have it. */
  readonly name: string
  readonly kind: string
  /**
   * What people call it. Null where neither configuration nor registry describes it, like the next
   * two.
   */
  readonly title: string | null
  /** How it is told: a standard or a product. */
  readonly standard: string | null
  /** Where it is told: the host, and the port where that is not the usual one. */
  readonly host: string | null
  /** False: it was taken out, and is told no more. */
  readonly configured: boolean
  /** Being sent included. */
  readonly owed: number
  readonly dead: number
  readonly oldestOwedAt: string | null
  /** Null also where what was delivered is no longer stored. */
  readonly lastDeliveredAt: string | null
  /** Null where the newest attempt did not fail. */
  readonly lastFailure: { readonly at: string; readonly reason: string } | null
}

export interface WireKey {
  readonly kid: string
  readonly algorithm: string
  readonly state: 'signing' | 'retired' | 'removed'
  readonly createdAt: string
  readonly retiredAt: string | null
  readonly removeAfter: string | null
}

/** The answer to a rotation: the key that signs now. */
export interface WireKeyRotated {
  readonly kid: string
}

/** How this node sees its caller, behind the proxies that it trusts. */
export interface WireCaller {
  readonly address: string
  /** The first peer whose `X-Forwarded-For` or `Forwarded` was not believed. */
  readonly ignoredFrom: string | null
  /** Requests since the start whose header was not believed. */
  readonly ignored: number
  /** Requests of trusted proxies that named no address. */
  readonly unreadable: number
}
