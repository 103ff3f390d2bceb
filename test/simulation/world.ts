/**
 * One simulated world: nodes with the real hub, guards with the real guard, a log that survives
 * them, and faults. It watches for what must never happen.
 */
import { type Revocation, ENTRY_VERSION } from '../../src/domain/revocation.ts'
import type { LeaseRules } from '../../src/feed/lease-rules.ts'
import type { GuardRules } from '../../src/guard/lease.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { SimulatedNetwork } from '../../src/testing/simulated-network.ts'
import { simulatedEpochMs, SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { SimulatedTime } from '../../src/testing/simulated-time.ts'
import { SimulatedGuard } from './simulated-guard.ts'
import { SimulatedNode } from './simulated-node.ts'
import { ends, otherIssuer, type PoolToken, type TokenPool } from '../../src/testing/token-pool.ts'

/** A lock of ten minutes: no token of the pool is younger. */
export const lockedUntilSeconds: number = simulatedEpochMs / 1000 + 600

export interface WorldOptions {
  readonly seed: number
  readonly pool: TokenPool
  readonly nodes: number
  readonly guards: number
  /** Whether every guard's process has two guards at a time, which share a feed. */
  readonly paired?: boolean
  /** Rules that are wrong on purpose. */
  readonly hubRules?: Partial<LeaseRules>
  readonly guardRules?: Partial<GuardRules>
  /** What a restarted node assumes of its predecessor; the lease where it is not given. */
  readonly predecessorLeaseMs?: number
  /** Old revocations that every snapshot carries, so that it takes a while. */
  readonly ballast?: number
  /** How nodes read what was committed, where they do not read it right. */
  readonly misread?: (entry: Revocation) => Revocation
}

/** A logout, from its commit on. */
export interface Logout {
  readonly entry: Revocation
  /** Whether a caller was told that it is done. */
  confirmed: boolean
  /** The run of the node that a caller waits for. */
  askedAt: SimulatedProcess | undefined
}

export interface Counts {
  accepted: number
  refused: number
  stale: number
  confirmed: number
  lapsed: number
  snapshots: number
}

export class World {
  readonly options: WorldOptions
  readonly time: SimulatedTime = new SimulatedTime()
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  /** Those of the pool that this world uses. */
  readonly tokens: readonly PoolToken[]
  readonly nodes: SimulatedNode[] = []
  readonly guards: SimulatedGuard[] = []
  /** What was committed, in the order of the commits. */
  readonly log: Logout[] = []
  readonly violations: string[] = []
  readonly counts: Counts = {
    accepted: 0,
    refused: 0,
    stale: 0,
    confirmed: 0,
    lapsed: 0,
    snapshots: 0,
  }
  /** Work that goes on outside simulated time: signatures. */
  busy = 0
  readonly #generations = new Map<string, number>()
  #hot: PoolToken | undefined

  constructor(options: WorldOptions) {
    this.options = options
    this.random = new SeededRandom(options.seed)
    this.network = new SimulatedNetwork(this.time, this.random)
    const all = [...options.pool.tokens, ...options.pool.foreign]
    this.tokens = all.filter(() => this.random.chance(0.2))
    if (this.tokens.length === 0) this.tokens = options.pool.tokens.slice(0, 5)
    for (let index = 0; index < options.nodes; index++) {
      this.nodes.push(new SimulatedNode(this, `node-${index}`))
    }
    for (let index = 0; index < options.guards; index++) {
      this.guards.push(new SimulatedGuard(this, `guard-${index}`))
    }
  }

  /** Lets everything happen that happens until then. */
  async runUntil(untilMs: number, enough: () => boolean = () => false): Promise<void> {
    while (!enough() && this.time.step(untilMs)) await this.#settle()
  }

  /** Every clock may be off by a little less than the margin that the lease allows for. */
  process(name: string): SimulatedProcess {
    return new SimulatedProcess(name, this.time, {
      rate: this.random.between(0.981, 1.019),
      wallOffsetMs: this.random.between(-5000, 5000),
    })
  }

  /** Commits a random logout in the stream of a node. */
  commit(stream: string): Logout {
    const token = this.#pickAlive()
    const { claims } = token
    this.#hot = token
    const kind = this.random.fraction()
    const scope =
      kind < 0.6 ? 'session' : kind < 0.9 ? 'token' : kind < 0.98 ? 'subject' : 'everyone'
    const key = { session: claims.sid, token: claims.jti, subject: claims.sub, everyone: '*' }[
      scope
    ]
    const isForeign = claims.iss === otherIssuer
    const isWide = scope === 'subject' || scope === 'everyone'
    let generation = 0
    if (isWide && !isForeign) {
      generation = (this.#generations.get(key) ?? 0) + 1
      this.#generations.set(key, generation)
    }
    const sequence = this.log.filter(({ entry }) => entry.stream === stream).length + 1
    const entry: Revocation = {
      id: `${stream}/${sequence}`,
      stream,
      sequence,
      scope,
      key,
      generation,
      reason: 'logout',
      actor: 'system',
      note: '',
      atMs: 0,
      forgetAfterMs: claims.exp * 1000,
      version: ENTRY_VERSION,
      issuer: isForeign ? otherIssuer : '',
      cutoffSeconds: isWide && isForeign ? this.#cutoffFor(claims) : 0,
      previousHash: '',
      hash: '',
    }
    const logout: Logout = { entry, confirmed: false, askedAt: undefined }
    this.log.push(logout)
    return logout
  }

  /**
   * By how much a wall clock is set. In a world it is always forward, or always back by more than
   * all sleeps together: steps that undo a sleep within one lease cannot be seen
   * (docs/lease-argument.md).
   */
  clockStepMs(): number {
    return this.options.seed % 2 === 0
      ? this.random.between(1, 20_000)
      : -this.random.between(100_000, 200_000)
  }

  /** A token to check: often the one that was logged out last. */
  pickToken(): PoolToken {
    return this.#hot && this.random.chance(0.5) ? this.#hot : this.random.pick(this.tokens)
  }

  isDead({ claims }: PoolToken): boolean {
    return this.log.some(({ entry }) => ends(entry, claims))
  }

  /**
   * A caller is told that a logout is done. A verifier that still trusts its replica then has
   * applied it: it accepts none of the tokens any more, and has ended before what was open for
   * them.
   */
  confirm(logout: Logout): void {
    logout.confirmed = true
    this.counts.confirmed++
    const { id, scope } = logout.entry
    const dead = this.tokens.filter(({ claims }) => ends(logout.entry, claims))
    const at = `at ${this.time.nowMs.toFixed(3)} ms`
    for (const guard of this.guards) {
      for (const { claims } of dead.filter((token) => guard.accepts(token))) {
        const what = `${guard.name} accepted ${claims.sid} when ${scope} ${id} was confirmed`
        this.violations.push(`${at} ${what}`)
      }
      for (const { claims } of guard.open()) {
        if (!ends(logout.entry, claims)) continue
        const what = `${guard.name} kept ${claims.sid} open after ${scope} ${id} was confirmed`
        this.violations.push(`${at} ${what}`)
      }
    }
  }

  /** The invariant: called at the moment when a guard has decided to accept. */
  accepted(guard: string, { claims }: PoolToken): void {
    this.counts.accepted++
    const broken = this.log.find(({ entry, confirmed }) => confirmed && ends(entry, claims))
    if (!broken) return
    this.violations.push(
      `at ${this.time.nowMs.toFixed(3)} ms ${guard} accepted ${claims.sid} ` +
        `after ${broken.entry.scope} ${broken.entry.id} was confirmed`,
    )
  }

  /** Of what another issuer has issued: up to a token, often to its very second, or a lock. */
  #cutoffFor({ iat, auth_time: login = iat }: PoolToken['claims']): number {
    const since = Math.min(iat, Number(login))
    const kind = this.random.fraction()
    if (kind < 0.4) return since
    return kind < 0.7 ? since + this.random.below(500) : lockedUntilSeconds
  }

  #pickAlive(): PoolToken {
    const { tokens } = this
    for (let tries = 0; tries < 5; tries++) {
      const token = this.random.pick(tokens)
      if (!this.isDead(token)) return token
    }
    return this.random.pick(tokens)
  }

  async #settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.busy > 0)
  }
}
