/**
 * This node as a verifier, and the hub that brings its log to the other verifiers: the replica, the
 * feed, and the order between them. An entry is in this node's replica before it is sent to
 * anybody, and both happen before the verb that made it resolves.
 */
import { randomBytes } from 'node:crypto'
import type { Revocation } from '../domain/revocation.ts'
import { createFeedHub, type FeedHub } from '../feed/index.ts'
import { Watches } from '../guard/watches.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { Replica } from '../verifier/replica.ts'
import type { Config } from './config.ts'
import { applyRevocations, fillReplica } from './replicate.ts'
import { readSetting, writeSetting } from './settings.ts'

export interface Verification {
  readonly replica: Replica
  readonly hub: FeedHub
  /** Who wants to know when a session ends: open tabs. */
  readonly watches: Watches
}

/** Entries in one piece of a snapshot: more than arrive while it is sent, so that it ends. */
export const SNAPSHOT_PIECE = 4096

/** The longest lease that this node ever granted: guards of a run before may still hold one. */
const GRANTED_LEASE = 'granted-lease-ms'

/** Fills the replica from the store and opens the hub. */
export async function openVerification(
  store: Store,
  config: Config,
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
    publish(entries)
  })
  const position = await store.head()
  await fillReplica(replica, store, clock.nowMs())
  const grantedMs = (await readSetting(store, GRANTED_LEASE)) ?? 0
  const hub = createFeedHub({
    clock,
    log,
    node: store.stream,
    issuer: config.issuer,
    epoch: randomBytes(16),
    leaseMs: config.leaseMs,
    renewMs: config.renewMs,
    snapshot: () => replica.chunks(SNAPSHOT_PIECE),
    position,
    predecessorLeaseMs: grantedMs,
    rememberLeases: (leaseMs) => writeSetting(store, GRANTED_LEASE, Math.max(leaseMs, grantedMs)),
  })
  if (early.length > 0) hub.publish(early)
  publish = (entries) => {
    hub.publish(entries)
  }
  return { replica, hub, watches }
}
