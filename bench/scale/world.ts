/**
 * The simulated world: nodes with their guards in regions, one database, logouts, faults, and the
 * checker that watches. The same seed gives the same world.
 */
import { type Position, type Revocation, ENTRY_VERSION } from '../../src/domain/revocation.ts'
import { countedLeaseMs } from '../../src/feed/lease-rules.ts'
import type { GuardRules } from '../../src/guard/lease.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { makeTokenPool, type PoolToken, type TokenPool } from '../../src/testing/token-pool.ts'
import { Checker } from './checker.ts'
import { SimulatedDatabase } from './database.ts'
import { EventQueue } from './event-queue.ts'
import { Geography } from './geography.ts'
import { SimulatedGuard, type GuardWorld } from './guard.ts'
import type { NodeEnd, Wires } from './guard-link.ts'
import { Logout } from './logout.ts'
import { Meter } from './meter.ts'
import { leaseMs, SimulatedNode, type NodeFlaws, type NodeWorld } from './node.ts'
import type { Parameters } from './parameters.ts'

/** Rules that are wrong on purpose. */
export interface Flaws extends NodeFlaws {
  readonly guardRules?: Partial<GuardRules>
}

const hubMargins = { clockRateMargin: 0.02, fixedMarginMs: 10 }
/** What a lease of a node is added to: see `NodeLeaseTerms`. */
const nodeMarginMs = Math.ceil(leaseMs * (1.02 / 0.98 - 1)) + 20
/** For timers, and for the turns after them. */
const slackMs = 20

export class World implements NodeWorld, GuardWorld {
  readonly parameters: Parameters
  readonly pool: TokenPool
  readonly flaws: Flaws
  readonly time: EventQueue = new EventQueue()
  readonly random: SeededRandom
  readonly geography: Geography
  readonly meter: Meter = new Meter()
  readonly wires: Wires
  readonly database: SimulatedDatabase = new SimulatedDatabase()
  readonly nodes: SimulatedNode[] = []
  readonly guards: SimulatedGuard[] = []
  readonly logouts: Logout[] = []
  /** Guards that something has happened to lately. */
  readonly troubled: Set<SimulatedGuard> = new Set()
  readonly everTroubled: Set<SimulatedGuard> = new Set()
  readonly checker: Checker
  /** Whether things go wrong on purpose. */
  amidFaults = false
  /** Promises were settled in this turn: what waits for them belongs to it. */
  #settled = false
  /** Logouts that are committed and not confirmed. */
  readonly #open = new Set<Logout>()
  /** For each of them the nodes that have, or whose guards have, applied it. */
  readonly #applied = new Map<Logout, Set<string>>()
  readonly #acknowledged = new Map<Logout, Set<string>>()

  private constructor(parameters: Parameters, pool: TokenPool, flaws: Flaws) {
    this.parameters = parameters
    this.pool = pool
    this.flaws = flaws
    this.random = new SeededRandom(parameters.seed)
    this.geography = new Geography(parameters, this.time, this.random)
    const { time, random, geography, meter } = this
    this.wires = { time, random, geography, meter }
    this.checker = new Checker({
      time,
      random,
      guards: this.guards,
      troubled: this.troubled,
      boundMs: Math.max(countedLeaseMs(leaseMs, hubMargins), leaseMs + nodeMarginMs) + slackMs,
      settled: () => {
        this.settled()
      },
    })
  }

  /** A world without people. */
  static async make(parameters: Parameters, flaws: Flaws = {}): Promise<World> {
    const logouts = parameters.rate * parameters.seconds * 2
    return new World(parameters, await makeTokenPool(Math.ceil(logouts / 4) + 4), flaws)
  }

  get guardRules(): Partial<GuardRules> {
    return this.flaws.guardRules ?? {}
  }

  addNodes(): void {
    const { nodes, regions } = this.parameters
    for (let index = 0; index < nodes; index++) {
      this.nodes.push(new SimulatedNode(this, `node-${index + 1}`, index % regions))
    }
  }

  /** Adds guards, which begin to connect. */
  addGuards(count: number): void {
    const { regions } = this.parameters
    for (let left = count; left > 0; left--) {
      const index = this.guards.length
      this.guards.push(new SimulatedGuard(this, `guard-${index + 1}`, index % regions))
    }
  }

  /** Every clock may be off by a little less than the margin that leases allow for. */
  process(name: string): SimulatedProcess {
    return new SimulatedProcess(name, this.time, {
      rate: this.random.between(0.981, 1.019),
      wallOffsetMs: this.random.between(-5000, 5000),
    })
  }

  nodeFor(region: number): NodeEnd {
    const ready = this.nodes.filter((node) => node.ready)
    const near = ready.filter((node) => node.region === region)
    return this.random.pick(near.length > 0 ? near : ready.length > 0 ? ready : this.nodes)
  }

  settled(): void {
    this.#settled = true
  }

  /** Lets everything happen that happens until then. */
  async runUntil(untilMs: number): Promise<void> {
    while (this.time.step(untilMs)) {
      if (!this.#settled) continue
      this.#settled = false
      await new Promise((resolve) => setImmediate(resolve))
      this.checker.complain()
    }
  }

  /** A token that was not logged out; undefined where there is none left. */
  freshToken(): PoolToken | undefined {
    return this.pool.tokens[this.logouts.length]
  }

  /** A person logs out, at any node. */
  logOut(): void {
    const token = this.freshToken()
    const ready = this.nodes.filter((node) => node.ready)
    if (!token || ready.length === 0) return
    const node = this.random.pick(ready)
    const entry = {
      id: `logout-${this.logouts.length + 1}`,
      scope: 'session' as const,
      key: token.claims.sid,
      generation: 0,
      reason: 'logout' as const,
      actor: 'system',
      note: '',
      atMs: 0,
      forgetAfterMs: token.claims.exp * 1000,
      version: ENTRY_VERSION,
      issuer: '',
      cutoffSeconds: 0,
      previousHash: '',
      hash: '',
    }
    const logout = new Logout(token, entry, this.amidFaults, this.time, (confirmed) => {
      this.#open.delete(confirmed)
      this.checker.confirmed(confirmed)
    })
    this.logouts.push(logout)
    this.checker.loggedOut(token)
    node.process.run(() => {
      this.settled()
      void node.logOut(logout)
    })
  }

  committed(entries: readonly Revocation[]): void {
    for (const { id, stream, sequence } of entries) {
      const logout = this.logouts.find(({ entry }) => entry.id === id)
      if (!logout || logout.committedMs !== undefined) continue
      logout.committedMs = this.time.nowMs
      logout.place = { stream, sequence }
      this.#open.add(logout)
      this.#applied.set(logout, new Set())
      this.#acknowledged.set(logout, new Set())
    }
  }

  applied(node: SimulatedNode, position: Position): void {
    for (const logout of this.#newly(node, position, this.#applied)) {
      if (logout.place?.stream !== node.name) logout.newsMs = this.time.nowMs
    }
  }

  acknowledged(node: SimulatedNode, position: Position): void {
    // Told in the same turn in which who waits for it is woken.
    this.settled()
    for (const logout of this.#newly(node, position, this.#acknowledged)) {
      if (logout.place?.stream === node.name) logout.ownGuardsMs = this.time.nowMs
      else logout.otherGuardsMs = this.time.nowMs
    }
  }

  *#newly(
    node: SimulatedNode,
    position: Position,
    known: ReadonlyMap<Logout, Set<string>>,
  ): Iterable<Logout> {
    for (const logout of this.#open) {
      const { stream, sequence } = logout.place!
      if ((position.get(stream) ?? 0) < sequence) continue
      const names = known.get(logout)!
      if (names.has(node.name)) continue
      names.add(node.name)
      yield logout
    }
  }
}
