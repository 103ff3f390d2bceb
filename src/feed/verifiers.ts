import type { Clock } from '../ports/clock.ts'
import type { FeedPosition } from '../protocol/feed.ts'
import type { GuardSession } from './guard-session.ts'
import type { Holder } from './ledger.ts'
import type { RecentBatches } from './recent.ts'

/** A verifier as operators see it. */
export interface VerifierStatus {
  readonly id: string
  readonly name: string
  readonly kind: 'node' | 'guard'
  readonly address?: string
  /** Whether its feed is open. */
  readonly connected: boolean
  /** For how long it may still hold a lease, as this node counts; undefined for the node itself. */
  readonly leaseLeftMs: number | undefined
  /**
   * From the publication of entries to its acknowledgement of them, as last measured; or the age of
   * the oldest that it has not acknowledged, where that is more. Undefined where it was not sent
   * any.
   */
  readonly lagMs: number | undefined
  /** What it has acknowledged; undefined where that is not known any more. */
  readonly position: FeedPosition | undefined
  /** Wall clock, milliseconds since 1970; undefined where it is not connected. */
  readonly connectedSinceMs: number | undefined
}

export interface VerifierSources {
  readonly clock: Clock
  readonly node: string
  readonly holders: Iterable<Holder>
  readonly byGuard: ReadonlyMap<string, GuardSession>
  readonly recent: RecentBatches
}

/** The node first, then the guards in the order in which they first connected. */
export function describeVerifiers(sources: VerifierSources): readonly VerifierStatus[] {
  const { clock, node, holders, byGuard, recent } = sources
  const nowMs = clock.monotonicMs()
  const self: VerifierStatus = {
    id: node,
    name: node,
    kind: 'node',
    connected: true,
    leaseLeftMs: undefined,
    lagMs: 0,
    position: new Map(recent.position),
    connectedSinceMs: undefined,
  }
  const guards = Array.from(holders, (holder): VerifierStatus => {
    const session = byGuard.get(holder.id)
    const address = session?.connection.address
    return {
      id: holder.id,
      name: holder.name,
      kind: 'guard',
      ...(address === undefined ? {} : { address }),
      connected: session !== undefined,
      leaseLeftMs: holder.counted ? Math.max(0, holder.endsMs - nowMs) : 0,
      lagMs: lagOf(holder, recent, nowMs),
      position: holder.appliedMark < 0 ? undefined : recent.positionAt(holder.appliedMark),
      connectedSinceMs: session?.connectedAtMs,
    }
  })
  return [self, ...guards]
}

function lagOf(holder: Holder, recent: RecentBatches, nowMs: number): number | undefined {
  const unappliedMs = recent.publishedAfter(Math.max(0, holder.appliedMark))
  if (unappliedMs === undefined) return holder.lagMs
  return Math.max(holder.lagMs ?? 0, nowMs - unappliedMs)
}
