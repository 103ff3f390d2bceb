import type { FeedHubSettings } from './settings.ts'

/**
 * The decisions on which the promise rests, in one place. `docs/lease-argument.md` refers to each
 * by its name, and the simulation replaces them one by one to show that it would notice.
 */
export interface LeaseRules {
  /**
   * R1. Until when a lease may be trusted by a guard, on this node's monotonic clock. Counted from
   * the receipt of the ping, which is later than its sending, from which the guard counts;
   * stretched by how much faster than the guard's this clock may run.
   */
  leaseEndsMs(pingReceivedMs: number, leaseMs: number, settings: FeedHubSettings): number
  /** R2. Whether a guard that closed its connection is waited for until its lease has ended. */
  readonly waitsForDisconnected: boolean
  /** R3. Whether everything that was published is sent before a pong. */
  readonly flushesBeforePong: boolean
  /** R4. Whether a batch counts as applied only when the guard says so, not when it was sent. */
  readonly waitsForAcknowledgement: boolean
  /** R5. Whether the mark of a snapshot is read before its first piece, not after its last. */
  readonly marksSnapshotBefore: boolean
  /** R6. Whether a guard whose oldest unacknowledged batch has this age still gets leases. */
  renews(lagMs: number, settings: FeedHubSettings): boolean
}

export const leaseRules: LeaseRules = Object.freeze<LeaseRules>({
  leaseEndsMs: (pingReceivedMs, leaseMs, settings) =>
    pingReceivedMs + countedLeaseMs(leaseMs, settings),
  waitsForDisconnected: true,
  flushesBeforePong: true,
  waitsForAcknowledgement: true,
  marksSnapshotBefore: true,
  renews: (lagMs, { lagLimitMs }) => lagMs <= lagLimitMs,
})

/**
 * How long the node counts a lease. A guard whose clock is slow by the margin holds it for `lease /
 * (1 - margin)` of true time; this clock, fast by the margin, must show `(1 + margin)` times that.
 */
export function countedLeaseMs(
  leaseMs: number,
  settings: Pick<FeedHubSettings, 'clockRateMargin' | 'fixedMarginMs'>,
): number {
  const { clockRateMargin, fixedMarginMs } = settings
  return (leaseMs * (1 + clockRateMargin)) / (1 - clockRateMargin) + fixedMarginMs
}
