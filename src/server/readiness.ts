/** Whether this node may serve, and why not, in words that may be shown in public. */
import type { FeedHub } from '../feed/index.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { OpenedStore } from './open-store.ts'
import type { Timekeeper } from './timekeeper.ts'

export interface Readiness {
  /** Whether this node can prove that it knows every revocation. */
  readonly isCurrent: () => boolean
  /** Why this process can never serve again; undefined where it may. */
  readonly stopped: string | undefined
  /** Resolves with why this node must not serve; undefined where it may. Tries to commit. */
  refusal(): Promise<string | undefined>
}

export function watchReadiness(
  {
    store,
    leases,
    stopped,
  }: Pick<OpenedStore, 'leases' | 'stopped'> & { store: Pick<Store, 'ready'> },
  time: Pick<Timekeeper, 'refusal'>,
): Readiness {
  let reason: string | undefined
  void stopped.then((why) => {
    reason = why
  })
  // One node on SQLite writes the whole log itself: its replica is the log. Of several nodes, each
  // may trust its replica for as long as its lease runs, like a guard. One that has stopped for
  // good does not hear what another process writes.
  const isCurrent = (): boolean =>
    reason === undefined &&
    (leases === undefined || leases.leaseLeftMs() > 0) &&
    time.refusal() === undefined
  const asStopped = (): string | undefined =>
    reason === undefined ? undefined : `stopped for good, ${reason}`
  return {
    isCurrent,
    get stopped() {
      return reason
    },
    async refusal() {
      try {
        await store.ready()
      } catch {
        return asStopped() ?? 'it cannot commit'
      }
      const why = asStopped() ?? time.refusal()
      return why ?? (isCurrent() ? undefined : 'it cannot prove that it is current')
    },
  }
}

/**
 * This process can never write again, and does not hear what another one writes into its stream. It
 * goes on answering, with refusals, and does not end: restarted at once it would take the stream
 * back from the node that replaced it, or continue as if nothing had been lost.
 */
export async function stopForGood(
  { store, leases, stopped }: OpenedStore,
  hub: FeedHub,
  log: Log,
): Promise<void> {
  const reason = await stopped
  log.error(
    { node: store.stream, reason },
    'This node has stopped for good: it accepts nothing until an operator has looked into it and restarts it',
  )
  // Its guards find another node.
  hub.close()
  await leases?.close(hub.heldForMs())
}
