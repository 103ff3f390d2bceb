/**
 * One simulated world: nodes with the real hub, guards with the real guard, a log that survives
 * them, and faults. It watches for what must never happen.
 */
import type { Revocation } from '../../src/domain/revocation.ts'
import { createGuardWithRules } from '../../src/guard/guard.ts'
import { guardRules, type GuardRules } from '../../src/guard/lease.ts'
import type { Guard } from '../../src/guard/options.ts'
import type { ConnectFeed } from '../../src/guard/transport.ts'
import { createFeedHub, type FeedHub } from '../../src/feed/hub.ts'
import { countedLeaseMs, type LeaseRules } from '../../src/feed/lease-rules.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { SimulatedNetwork } from '../../src/testing/simulated-network.ts'
import { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { SimulatedTime } from '../../src/testing/simulated-time.ts'
import { Replica } from '../../src/verifier/replica.ts'
import { writeEntry } from '../../src/verifier/fingerprint.ts'
import { ends, issuer, type PoolToken, type TokenPool } from './tokens.ts'

export const leaseMs = 2000
export const renewMs = 500

export interface WorldOptions {
  readonly seed: number
  readonly pool: TokenPool
  readonly nodes: number
  readonly guards: number
  /** Rules that are wrong on purpose. */
  readonly hubRules?: Partial<LeaseRules>
  readonly guardRules?: Partial<GuardRules>
  /** What a restarted node assumes of its predecessor; the lease where it is not given. */
  readonly predecessorLeaseMs?: number
  /** Old revocations that every snapshot carries, so that it takes a while. */
  readonly ballast?: number
}

/** A logout, from its commit on. */
export interface Logout {
  readonly entry: Revocation
  /** Whether somebody was told that it is done. */
  confirmed: boolean
  /** The run of the node that somebody waits for. */
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

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

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
    this.tokens = options.pool.tokens.filter(() => this.random.chance(0.2))
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
    let generation = 0
    if (scope === 'subject' || scope === 'everyone') {
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
      previousHash: '',
      hash: '',
    }
    const logout: Logout = { entry, confirmed: false, askedAt: undefined }
    this.log.push(logout)
    return logout
  }

  /** A token to check: often the one that was logged out last. */
  pickToken(): PoolToken {
    return this.#hot && this.random.chance(0.5) ? this.#hot : this.random.pick(this.tokens)
  }

  isDead({ claims }: PoolToken): boolean {
    return this.log.some(({ entry }) => ends(entry, claims))
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

/** A node: the real hub over a replica that is filled from the log whenever it starts. */
export class SimulatedNode {
  readonly name: string
  readonly #world: World
  process!: SimulatedProcess
  hub!: FeedHub
  #replica!: Replica
  #runs = 0
  readonly #position = new Map<string, number>()
  #stoppedMs = 0
  #arrivesMs = 0
  /** Nodes that wait for this one's word on their logouts. */
  readonly #owed = new Map<() => void, Logout>()

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.start()
  }

  start(): void {
    const { options, random } = this.#world
    this.process = this.#world.process(this.name)
    this.#replica = new Replica(random.below(1000))
    this.#position.clear()
    for (let index = 1; index <= (options.ballast ?? 0); index++) {
      this.#replica.revoke(index, index, 0xffff_ffff)
    }
    for (const { entry } of this.#world.log) this.#apply(entry)
    this.hub = createFeedHub({
      clock: this.process,
      log: silent,
      node: this.name,
      issuer,
      epoch: random.bytes(16),
      leaseMs,
      renewMs,
      snapshot: () => this.#replica.chunks(1),
      position: this.#position,
      predecessorLeaseMs: this.#runs++ === 0 ? 0 : (options.predecessorLeaseMs ?? leaseMs),
      recentEntries: 20,
      ...(options.hubRules ? { rules: options.hubRules } : {}),
    })
    for (const logout of this.#world.log) {
      // Some of those who asked before the restart ask again.
      if (!logout.confirmed && logout.entry.stream === this.name && random.chance(0.5)) {
        this.#confirm(logout)
      }
    }
    for (const [done, logout] of this.#owed) this.#acknowledge(logout, done)
  }

  /** A user logs out here: some, at once, in one commit. */
  logOut(): void {
    this.process.run(() => {
      const { time, random } = this.#world
      const { process } = this
      time.after(random.between(0.2, 5), () => {
        if (!process.alive && random.chance(0.5)) return
        const count = random.chance(0.2) ? 3 : 1
        const logouts = Array.from({ length: count }, () => this.#world.commit(this.name))
        process.run(() => {
          this.#publish(logouts)
          for (const logout of logouts) this.#confirm(logout)
        })
      })
    })
  }

  stop(forMs: number): void {
    if (!this.process.running) return
    const { process } = this
    process.stop()
    this.#stoppedMs += forMs
    this.#world.time.after(forMs, () => {
      process.resume()
    })
  }

  restart(afterMs: number): void {
    if (!this.process.alive) return
    this.process.kill()
    this.#world.network.reset(this.process)
    this.#world.time.after(afterMs, () => {
      this.start()
    })
  }

  /** The news of another node's commit come, in the order in which they were sent. */
  learn(logout: Logout, done: () => void): void {
    const { time, random } = this.#world
    this.#owed.set(done, logout)
    this.#arrivesMs = Math.max(this.#arrivesMs, time.nowMs + random.between(1, 100))
    const { process } = this
    time.after(this.#arrivesMs - time.nowMs, () => {
      process.run(() => {
        const { stream, sequence } = logout.entry
        if ((this.#position.get(stream) ?? 0) < sequence) this.#publish([logout])
        this.#acknowledge(logout, done)
      })
    })
  }

  #publish(logouts: readonly Logout[]): void {
    for (const { entry } of logouts) this.#apply(entry)
    this.hub.publish(logouts.map(({ entry }) => entry))
  }

  #apply(entry: Revocation): void {
    const words = new Uint32Array(4)
    writeEntry(entry, words, 0)
    this.#replica.applyWords(words, 1)
    const known = this.#position.get(entry.stream) ?? 0
    this.#position.set(entry.stream, Math.max(known, entry.sequence))
  }

  /** Answers the logout once this node's guards and all other nodes are done. */
  #confirm(logout: Logout): void {
    const { process } = this
    logout.askedAt = process
    const others = this.#world.nodes.filter((node) => node !== this)
    let waiting = others.length + 1
    const done = (): void => {
      if (--waiting > 0) return
      process.run(() => {
        logout.confirmed = true
        this.#world.counts.confirmed++
      })
    }
    for (const node of others) node.learn(logout, done)
    const stoppedMs = this.#stoppedMs
    const answer = async (): Promise<void> => {
      const { elapsedMs, lapsed } = await this.hub.confirmed(logout.entry)
      if (!process.alive) return
      this.#world.counts.lapsed += lapsed
      const boundMs = countedLeaseMs(leaseMs, { clockRateMargin: 0.02, fixedMarginMs: 10 }) + 20
      if (elapsedMs > boundMs + (this.#stoppedMs - stoppedMs) * 1.02) {
        this.#world.violations.push(`${logout.entry.id} took ${elapsedMs.toFixed(0)} ms`)
      }
      done()
    }
    void answer()
  }

  #acknowledge(logout: Logout, done: () => void): void {
    const { process } = this
    const say = async (): Promise<void> => {
      await this.hub.confirmed(logout.entry)
      if (process.alive && this.#owed.delete(done)) done()
    }
    void say()
  }
}

/** A guard: the real one, that checks tokens all the time. */
export class SimulatedGuard {
  readonly name: string
  readonly #world: World
  process!: SimulatedProcess
  guard!: Guard

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.start()
  }

  start(): void {
    const { options, random } = this.#world
    this.process = this.#world.process(this.name)
    this.guard = createGuardWithRules(
      {
        server: issuer,
        credential: 'credential',
        name: this.name,
        clock: this.process,
        random: () => random.fraction(),
        connect: this.#connect,
        keys: () => this.#findKey(),
      },
      { ...guardRules, ...options.guardRules },
    )
    this.#checkLater(this.process)
  }

  /** Checks a token and tells the world when the decision has fallen. */
  async check(token: PoolToken): Promise<string> {
    const { process } = this
    const { counts } = this.#world
    this.#world.busy++
    const verdict = await this.guard.check(token.jwt)
    this.#world.busy--
    if (!process.alive) return 'killed'
    if (verdict.ok) this.#world.accepted(this.name, token)
    else if (verdict.reason === 'stale') counts.stale++
    else if (verdict.reason === 'revoked') counts.refused++
    else this.#world.violations.push(`${this.name} found a good token ${verdict.reason}`)
    return verdict.ok ? 'accepted' : verdict.reason
  }

  pause(how: 'stop' | 'suspend', forMs: number): void {
    if (!this.process.running) return
    const { process } = this
    process[how]()
    this.#world.time.after(forMs, () => {
      process.resume()
    })
  }

  restart(afterMs: number, gracefully: boolean): void {
    if (!this.process.alive) return
    this.#world.counts.snapshots += this.guard.status().counters.snapshots
    if (gracefully && this.process.running) this.guard.close()
    else this.#world.network.reset(this.process)
    this.process.kill()
    this.#world.time.after(afterMs, () => {
      this.start()
    })
  }

  #checkLater(process: SimulatedProcess): void {
    const { random } = this.#world
    process.after(random.between(5, 150), () => {
      void this.check(this.#world.pickToken())
      this.#checkLater(process)
    })
  }

  /**
   * Finding the key takes a while now and then, so that verdicts fall long after their checks
   * began.
   */
  async #findKey(): Promise<TokenPool['key']> {
    const { random, options } = this.#world
    if (random.chance(0.5)) {
      this.#world.busy--
      await new Promise<void>((resolve) => {
        this.process.after(random.between(1, 800), () => {
          this.#world.busy++
          resolve()
        })
      })
    }
    return options.pool.key
  }

  readonly #connect: ConnectFeed = (_target, events) => {
    const { network, nodes, random } = this.#world
    const { process } = this
    const node = random.pick(nodes)
    let over = false
    const closed = (code: number, reason: string): void => {
      if (over) return
      over = true
      events.closed(code, reason)
    }
    const frame = (bytes: Uint8Array): void => {
      if (!over) events.frame(bytes)
    }
    const end = network.connect(
      { process, events: { frame, closed }, opened: events.opened },
      () => ({
        process: node.process,
        listener: (serverEnd) => node.hub.accept(serverEnd),
      }),
    )
    return {
      send: (bytes) => {
        end.send(bytes)
      },
      close(code, reason) {
        end.close(code, reason)
        closed(code, reason)
      },
    }
  }
}
