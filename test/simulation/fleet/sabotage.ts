import type { Core } from '../../../src/core/core.ts'
import type { FeedHub } from '../../../src/feed/index.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Receiver } from '../../../src/ports/delivery.ts'
import type { NodeLeases } from '../../../src/ports/node-lease.ts'
import type { Store } from '../../../src/ports/store.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { Replica } from '../../../src/verifier/replica.ts'

/** Places of a fleet in which something can be made wrong on purpose. */
export interface Sabotage {
  /** A server's store, as everything else of the server sees it. */
  readonly store?: (real: Store, process: SimulatedProcess) => Store
  /** What the verbs of a server wait for: its own guards, and the other servers. */
  readonly hub?: (real: FeedHub) => FeedHub
  readonly leases?: (real: NodeLeases) => NodeLeases
  /** Called when a server's replica is filled. */
  readonly replica?: (replica: Replica, process: SimulatedProcess) => void
  /** A guard's clock. */
  readonly guardClock?: (real: SimulatedProcess, server: () => Clock | undefined) => Clock
  /** Whether a logout takes a dead token for an answer, as any other call does. */
  readonly deadIsDone?: boolean
  /** What a server signs logout tokens by. */
  readonly sign?: (real: Core['signLogoutToken']) => Core['signLogoutToken']
  /** Everything that a server tells others by. */
  readonly receivers?: (real: readonly Receiver[]) => readonly Receiver[]
  /** Puts a backup in the place of a database. */
  readonly restore?: (from: string, to: string) => unknown
}

/** An object as it is but for what is given in place of its own. */
export function altered<T extends object>(real: T, changes: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const changed = Reflect.get(changes, name) as unknown
      if (changed !== undefined) return changed
      const own = Reflect.get(target, name, target) as unknown
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
