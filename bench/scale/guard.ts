/** A simulated guard: the real one, in a process and a region, on connections that may be slow. */
import { createGuardWithRules } from '../../src/guard/guard.ts'
import { guardRules, type GuardRules } from '../../src/guard/lease.ts'
import type { Guard } from '../../src/guard/options.ts'
import type { FeedSocket, FeedSocketEvents } from '../../src/guard/transport.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { issuer, type TokenPool } from '../../src/testing/token-pool.ts'
import { GuardLink, type GuardEnd, type NodeEnd, type Wires } from './guard-link.ts'

/** What a guard is part of. */
export interface GuardWorld {
  readonly wires: Wires
  readonly pool: TokenPool
  readonly guardRules: Partial<GuardRules>
  process(name: string): SimulatedProcess
  /** As a load balancer does it: a node that takes connections, in the region where there is one. */
  nodeFor(region: number): NodeEnd
}

export class SimulatedGuard {
  readonly region: number
  readonly process: SimulatedProcess
  readonly guard: Guard
  readonly #world: GuardWorld
  #slowUntilMs = 0
  #slowMs = 0

  constructor(world: GuardWorld, name: string, region: number) {
    this.#world = world
    this.region = region
    this.process = world.process(name)
    const { random } = world.wires
    const { key } = world.pool
    this.guard = createGuardWithRules(
      {
        server: issuer,
        credential: 'credential',
        name,
        clock: this.process,
        random: () => random.fraction(),
        connect: (_, events) => this.#connect(events),
        keys: () => Promise.resolve(key),
      },
      { ...guardRules, ...world.guardRules },
    )
    // A guard follows from its first use on. It is asked for nothing here: the lease tells.
    this.guard.ready().catch(() => undefined)
  }

  /** SIGSTOP, and SIGCONT after a while. */
  freeze(forMs: number): void {
    if (!this.process.running) return
    this.process.stop()
    this.#world.wires.time.after(forMs, () => {
      this.process.resume()
    })
  }

  /** Each frame takes up to this much longer, for a while. */
  slowDown(maxMs: number, forMs: number): void {
    this.#slowMs = maxMs
    this.#slowUntilMs = this.#world.wires.time.nowMs + forMs
  }

  /** Whether it holds a lease, and nothing keeps it from the next one. */
  get isWell(): boolean {
    const slow = this.#world.wires.time.nowMs < this.#slowUntilMs + this.#slowMs
    return this.process.running && !slow && this.guard.status().fresh
  }

  #connect(events: FeedSocketEvents): FeedSocket {
    const { wires } = this.#world
    const end: GuardEnd = {
      process: this.process,
      region: this.region,
      events,
      slowMs: () => (wires.time.nowMs < this.#slowUntilMs ? this.#slowMs : 0),
    }
    return new GuardLink(wires, end, this.#world.nodeFor(this.region)).socket
  }
}
