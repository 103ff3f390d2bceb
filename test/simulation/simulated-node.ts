/** A node in a simulated world. */
import type { Revocation } from '../../src/domain/revocation.ts'
import type { FeedHub } from '../../src/feed/hub-types.ts'
import { createFeedHub } from '../../src/feed/hub.ts'
import { countedLeaseMs } from '../../src/feed/lease-rules.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { writeEntry } from '../../src/verifier/fingerprint.ts'
import { Replica } from '../../src/verifier/replica.ts'
import { issuer } from '../../src/testing/token-pool.ts'
import type { Logout, World } from './world.ts'
import { entryWords } from '../../src/protocol/feed.ts'

const leaseMs = 2000
const renewMs = 500
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

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
      overSeconds: () => this.#replica.overSeconds,
      position: this.#position,
      predecessorLeaseMs: this.#runs++ === 0 ? 0 : (options.predecessorLeaseMs ?? leaseMs),
      recentEntries: 20,
      ...(options.hubRules ? { rules: options.hubRules } : {}),
    })
    for (const logout of this.#world.log) {
      if (logout.confirmed || logout.entry.stream !== this.name) continue
      // Some of those who asked before the restart ask again. Of a commit that is not asked about (the
      // process died of it, say) the others hear as well: they follow the stream.
      if (random.chance(0.5)) this.#confirm(logout)
      else for (const node of this.#others()) node.learn(logout, () => undefined)
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
    this.hub.publish(logouts.map(({ entry }) => this.#read(entry)))
  }

  #apply(entry: Revocation): void {
    const words = new Uint32Array(entryWords)
    writeEntry(this.#read(entry), words, 0)
    this.#replica.applyWords(words, 1)
    const known = this.#position.get(entry.stream) ?? 0
    this.#position.set(entry.stream, Math.max(known, entry.sequence))
  }

  #read(entry: Revocation): Revocation {
    return this.#world.options.misread?.(entry) ?? entry
  }

  #others(): readonly SimulatedNode[] {
    return this.#world.nodes.filter((node) => node !== this)
  }

  /** Answers the logout once this node's guards and all other nodes are done. */
  #confirm(logout: Logout): void {
    const { process } = this
    logout.askedAt = process
    const others = this.#others()
    let waiting = others.length + 1
    const done = (): void => {
      if (--waiting > 0) return
      process.run(() => {
        this.#world.confirm(logout)
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
