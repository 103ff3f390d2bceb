/**
 * A simulated node: what a server puts together of replica, feed and leases, over a simulated
 * store.
 */
import type { Position, Revocation } from '../../src/domain/revocation.ts'
import type { FeedConnection, FeedConnectionEvents } from '../../src/feed/connection.ts'
import type { FeedHub } from '../../src/feed/hub-types.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Confirmation } from '../../src/ports/confirmation.ts'
import type { NodeLeases } from '../../src/ports/node-lease.ts'
import { confirmEverywhere } from '../../src/server/confirmation.ts'
import { openVerification } from '../../src/server/verification.ts'
import { keepNodeLeases } from '../../src/stores/node-lease.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { issuer } from '../../src/testing/token-pool.ts'
import type { SimulatedDatabase } from './database.ts'
import { SimulatedNotifier, simulatedNodeTable } from './database-session.ts'
import type { GuardLink, NodeEnd, Wires } from './guard-link.ts'
import type { Logout } from './logout.ts'
import { SimulatedStore } from './store.ts'

export const leaseMs = 2000
const renewMs = 500

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Rules of nodes that are wrong on purpose, to see that it is noticed. */
export interface NodeFlaws {
  /** A node acknowledges for its guards what only the node itself has applied. */
  readonly speaksTooSoon?: boolean
  /** A node grants leases to guards that end after its own. */
  readonly grantsBeyondItsOwn?: boolean
}

/** What a node is part of. */
export interface NodeWorld {
  readonly wires: Wires
  readonly database: SimulatedDatabase
  readonly flaws: NodeFlaws
  /** A process with clocks of its own. */
  process(name: string): SimulatedProcess
  settled(): void
  committed(entries: readonly Revocation[]): void
  /** The node has applied entries, or its guards have, too. */
  applied(node: SimulatedNode, position: Position): void
  acknowledged(node: SimulatedNode, position: Position): void
}

export class SimulatedNode implements NodeEnd {
  readonly name: string
  readonly region: number
  readonly links: Set<GuardLink> = new Set()
  readonly #world: NodeWorld
  process: SimulatedProcess
  #store!: SimulatedStore
  #notifier: SimulatedNotifier | undefined
  #hub: FeedHub | undefined
  #confirmation: Confirmation | undefined

  constructor(world: NodeWorld, name: string, region: number) {
    this.#world = world
    this.name = name
    this.region = region
    this.process = world.process(name)
    this.start()
  }

  /** Whether it takes connections. */
  get ready(): boolean {
    return this.process.alive && this.#hub !== undefined
  }

  start(): void {
    void this.#open(this.process)
  }

  /** SIGKILL, and another run a while later. */
  restart(afterMs: number): void {
    if (!this.ready) return
    this.process.kill()
    this.#hub = undefined
    this.#notifier?.close()
    for (const link of this.links) link.reset()
    this.#world.wires.time.after(afterMs, () => {
      this.process = this.#world.process(this.name)
      this.start()
    })
  }

  accept(connection: FeedConnection): FeedConnectionEvents {
    if (this.#hub) return this.#hub.accept(connection)
    connection.close(1013, 'not ready')
    return { frame: () => undefined, closed: () => undefined }
  }

  /** A person logs out here; the logout is told how it ended. */
  async logOut(logout: Logout): Promise<void> {
    const { process } = this
    const confirmation = this.#confirmation
    if (!confirmation || !this.ready) return
    logout.askedAt = process
    const revocation = await this.#store.revoke(logout.entry)
    if (!revocation) return
    logout.answered(process)
    await confirmation.confirmed(revocation)
    logout.confirmed(process)
  }

  async #open(process: SimulatedProcess): Promise<void> {
    const { database, wires, settled, committed } = worldOf(this.#world)
    const given = { database, wires, node: { process, region: this.region }, settled }
    const notifier = new SimulatedNotifier(given)
    this.#notifier = notifier
    const store = new SimulatedStore({ ...given, stream: this.name, notifier, committed })
    this.#store = store
    await store.open()
    const leases = this.#observed(
      keepNodeLeases({
        node: this.name,
        clock: settling(process, settled),
        log: undefined,
        notifier,
        openTable: (answerMs) => simulatedNodeTable({ ...given, answerMs }),
        leaseMs,
        renewMs,
      }),
    )
    const config = { issuer, leaseMs, renewMs }
    const { hub } = await openVerification(
      store,
      leases,
      false,
      config,
      { trustedMs: () => process.nowMs() },
      process,
      silent,
    )
    this.#confirmation = this.#confirmationOf(hub, leases, process)
    this.#hub = hub
  }

  #confirmationOf(hub: FeedHub, leases: NodeLeases, process: SimulatedProcess): Confirmation {
    return confirmEverywhere(hub, leases, process, { observeConfirmation: () => undefined })
  }

  /** The leases, with a look at what is said to them, and with flaws where they are wanted. */
  #observed(leases: NodeLeases): NodeLeases {
    const { flaws } = this.#world
    return {
      node: leases.node,
      join: () => leases.join(),
      applied: (position) => {
        this.#world.applied(this, position)
        leases.applied(position)
        if (flaws.speaksTooSoon) leases.acknowledge(position)
      },
      acknowledge: (position) => {
        this.#world.acknowledged(this, position)
        leases.acknowledge(position)
      },
      leaseLeftMs: () => (flaws.grantsBeyondItsOwn ? leaseMs : leases.leaseLeftMs()),
      others: () => leases.others(),
      confirmOnOtherNodes: (place) => leases.confirmOnOtherNodes(place),
      confirmedUpTo: (position) => leases.confirmedUpTo(position),
      close: (heldForMs) => leases.close(heldForMs),
    }
  }
}

/** A clock whose timers settle promises. */
function settling(clock: Clock, settled: () => void): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) =>
      clock.after(delayMs, () => {
        settled()
        callback()
      }),
  }
}

function worldOf(
  world: NodeWorld,
): Pick<NodeWorld, 'database' | 'wires' | 'settled' | 'committed'> {
  return {
    database: world.database,
    wires: world.wires,
    settled: () => {
      world.settled()
    },
    committed: (entries) => {
      world.committed(entries)
    },
  }
}
