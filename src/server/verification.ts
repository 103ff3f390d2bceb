/**
 * This node as a verifier, and the hub that brings its log to the other verifiers: the replica, the
 * feed, and the order between them. An entry is in this node's replica before it is sent to any
 * guard, and both happen before the verb that made it resolves.
 */
import { randomBytes } from 'node:crypto'
import type { Position, Revocation } from '../domain/revocation.ts'
import { createFeedHub, type FeedHub } from '../feed/index.ts'
import { MAX_LEASE_MS } from '../feed/settings.ts'
import { Watches } from '../guard/watches.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import { Replica } from '../verifier/replica.ts'
import type { Config } from './config.ts'
import { applyRevocations, fillReplica } from './replicate.ts'
import { largestSetting, writeSetting } from './settings.ts'
import { forgetUntilSeconds, type Timekeeper } from './timekeeper.ts'

export interface Verification {
  readonly replica: Replica
  readonly hub: FeedHub
  /** Callbacks for ends of sessions: open tabs. */
  readonly watches: Watches
}

/** Entries in one piece of a snapshot: more than arrive while it is sent, so that it ends. */
export const SNAPSHOT_PIECE = 4096

/** The longest lease that this node ever granted: guards of a run before may still hold one. */
export const GRANTED_LEASE = 'granted-lease-ms'

/** What guards may hold that were granted leases of which this database does not know. */
const UNKNOWN_LEASE = 'unknown-lease-ms'

/** What of a store a verifier needs. */
export type VerifierStore = Pick<
  Store,
  | 'stream'
  | 'onCommitted'
  | 'head'
  | 'liveRevocations'
  | 'readCheckpoints'
  | 'listTickets'
  | 'putTicket'
>

/**
 * Fills the replica from the store and opens the hub.
 *
 * @param isUndecided Whether the database may be older than what was served: see `checkDecision`.
 */
export async function openVerification(
  store: VerifierStore,
  leases: NodeLeases | undefined,
  isUndecided: boolean,
  config: Pick<Config, 'issuer' | 'leaseMs' | 'renewMs'>,
  time: Pick<Timekeeper, 'trustedMs'>,
  clock: Clock,
  log: Log,
): Promise<Verification> {
  const replica = new Replica()
  const watches = new Watches(replica, (error) => {
    log.error({ error: String(error) }, 'a watch failed')
  })
  const early: Revocation[] = []
  let publish = (entries: readonly Revocation[]): void => {
    early.push(...entries)
  }
  // Subscribed before the replica is filled: what is committed meanwhile may come twice, never not at all.
  store.onCommitted((entries) => {
    watches.applied(applyRevocations(replica, entries), entries.length)
    leases?.applied(positionAfter(entries))
    publish(entries)
  })
  const position = await store.head()
  await fillReplica(replica, store, forgetUntilSeconds(time))
  leases?.applied(position)
  const setting = `${GRANTED_LEASE} ${store.stream}`
  // Of all streams: after a restore this node writes a new one, and guards of before may still be there.
  const grantedMs = (await largestSetting(store, GRANTED_LEASE)) ?? 0
  const unknownMs = await unknownLeaseMs(store, isUndecided)
  const hub = createFeedHub({
    clock,
    log,
    node: store.stream,
    issuer: config.issuer,
    epoch: randomBytes(16),
    leaseMs: config.leaseMs,
    renewMs: config.renewMs,
    snapshot: () => replica.chunks(SNAPSHOT_PIECE),
    overSeconds: () => replica.overSeconds,
    position,
    predecessorLeaseMs: Math.max(grantedMs, unknownMs),
    ...(leases === undefined
      ? {}
      : {
          grantableMs: () => leases.leaseLeftMs(),
          onConfirmed: (confirmed) => {
            leases.acknowledge(confirmed)
          },
        }),
    rememberLeases: (leaseMs) => writeSetting(store, setting, Math.max(leaseMs, grantedMs)),
  })
  if (unknownMs > 0) void forgetUnknownLease(store, hub, position)
  // In this order: what the first renewal names is applied above.
  await leases?.join()
  if (early.length > 0) hub.publish(early)
  publish = (entries) => {
    hub.publish(entries)
  }
  return { replica, hub, watches }
}

/**
 * A backup does not know of longer leases that were granted after it was made, and the settings of
 * then may be gone. So the longest that any setting grants is waited for, once: also by the runs
 * that follow, where this one ends before it has waited.
 */
async function unknownLeaseMs(store: VerifierStore, isUndecided: boolean): Promise<number> {
  if (isUndecided) await writeSetting(store, UNKNOWN_LEASE, MAX_LEASE_MS)
  return (await largestSetting(store, UNKNOWN_LEASE)) ?? 0
}

async function forgetUnknownLease(
  store: VerifierStore,
  hub: FeedHub,
  position: Position,
): Promise<void> {
  await hub.confirmedUpTo(position)
  try {
    await writeSetting(store, UNKNOWN_LEASE, 0)
  } catch {
    // The next run waits once more.
  }
}

/** How far entries bring a reader, in each of their streams. */
function positionAfter(entries: readonly Revocation[]): Position {
  const position = new Map<string, number>()
  for (const { stream, sequence } of entries) {
    position.set(stream, Math.max(position.get(stream) ?? 0, sequence))
  }
  return position
}
