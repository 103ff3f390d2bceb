/** Whether this node may serve, and why not, in words that may be shown in public. */
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import type { Timekeeper } from './timekeeper.ts'

export interface Readiness {
  /** Whether this node can prove that it knows every revocation. */
  isCurrent(): boolean
  /** Why this process can never serve again; undefined where it may. */
  readonly stopped: string | undefined
  /** Resolves with why this node must not serve; undefined where it may. Tries to commit. */
  refusal(): Promise<string | undefined>
}

/** @param stopped Resolves with the reason when this process can never write again. */
export function watchReadiness(
  store: Pick<Store, 'ready'>,
  leases: Pick<NodeLeases, 'leaseLeftMs'> | undefined,
  stopped: Promise<string>,
  time: Pick<Timekeeper, 'refusal'>,
): Readiness {
  let reason: string | undefined
  void stopped.then((why) => {
    reason = why
  })
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
