/** A guard in a simulated world. */
import { createGuardWithRules } from '../../src/guard/guard.ts'
import { guardRules } from '../../src/guard/lease.ts'
import type { Guard, GuardOptions, GuardStatus } from '../../src/guard/options.ts'
import type { ConnectFeed } from '../../src/guard/transport.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { issuer, type PoolToken, type TokenPool } from '../../src/testing/token-pool.ts'
import type { TokenClaims } from '../../src/verifier/claims.ts'
import type { World } from './world.ts'

/** Watches of a process; more would show nothing more. */
const maxOpen = 20

/** What a guard would end: something that is open for a token. */
interface Open {
  readonly guard: Guard
  readonly token: PoolToken
}

/**
 * A process with a guard: the real one, that checks tokens all the time. In some worlds it has two
 * at a time, which share a feed and are replaced one by one.
 */
export class SimulatedGuard {
  readonly name: string
  readonly #world: World
  process!: SimulatedProcess
  guards!: readonly Guard[]
  #make!: () => Guard
  /** Closed while the others went on. */
  #closed: Guard | undefined
  #open = new Set<Open>()

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.start()
  }

  get status(): GuardStatus {
    return this.guards[0]!.status()
  }

  /** The tokens for which something is open. */
  get watched(): readonly PoolToken[] {
    return [...this.#open].map(({ token }) => token)
  }

  start(): void {
    const { options, random } = this.#world
    this.process = this.#world.process(this.name)
    const guardOptions: GuardOptions = {
      server: issuer,
      credential: 'credential',
      name: this.name,
      clock: this.process,
      random: () => random.fraction(),
      connect: this.#connect,
      keys: () => this.#findKey(),
      fetch: () => Promise.resolve(Response.json(options.pool.issuers)),
    }
    const rules = { ...guardRules, ...options.guardRules }
    this.#make = () => createGuardWithRules(guardOptions, rules)
    this.guards = [this.#make()]
    this.#closed = undefined
    this.#open = new Set()
    if (options.paired === true) this.guards = [...this.guards, this.#make()]
    this.#checkLater(this.process)
  }

  /** What is open while the guard trusts its replica. */
  open(): readonly PoolToken[] {
    return this.process.alive && this.status.fresh ? this.watched : []
  }

  /** Whether one of its guards would accept a token at this moment. */
  accepts(token: PoolToken): boolean {
    return this.process.running && this.guards.some((guard) => guard.checkNow(token.jwt)?.ok)
  }

  close(): void {
    for (const guard of this.guards) guard.close()
  }

  /** Checks a token and tells the world when the decision has fallen. */
  async check(token: PoolToken, guard: Guard): Promise<string> {
    const { process } = this
    const { counts, violations } = this.#world
    this.#world.busy++
    const verdict = await guard.check(token.jwt)
    this.#world.busy--
    if (!process.alive) return 'killed'
    if (verdict.ok) {
      this.#world.accepted(this.name, token)
      if (this.guards.includes(guard)) this.#watch({ guard, token }, verdict.claims)
      else violations.push(`${this.name} accepted ${token.claims.sid} after it was closed`)
    } else if (verdict.reason === 'stale') counts.stale++
    else if (verdict.reason === 'revoked') counts.refused++
    else violations.push(`${this.name} found a good token ${verdict.reason}`)
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
    this.#world.counts.snapshots += this.status.counters.snapshots
    if (gracefully && this.process.running) this.close()
    else this.#world.network.reset(this.process)
    this.process.kill()
    this.#world.time.after(afterMs, () => {
      this.start()
    })
  }

  /** One of two guards is closed, and some time later there is another; the feed goes on. */
  replaceOne(afterMs: number): void {
    const { process } = this
    process.run(() => {
      const leaving = this.#world.random.pick(this.guards)
      if (this.guards.length < 2) return
      leaving.close()
      this.guards = this.guards.filter((guard) => guard !== leaving)
      this.#closed = leaving
      for (const open of this.#open) if (open.guard === leaving) this.#open.delete(open)
      process.after(afterMs, () => {
        this.guards = [...this.guards, this.#make()]
      })
    })
  }

  #checkLater(process: SimulatedProcess): void {
    const { random } = this.#world
    process.after(random.between(5, 150), () => {
      const guards = this.#closed ? [...this.guards, this.#closed] : this.guards
      const guard = guards.length === 1 ? guards[0]! : random.pick(guards)
      void this.check(this.#world.pickToken(), guard)
      this.#checkLater(process)
    })
  }

  #watch(open: Open, claims: TokenClaims): void {
    if (this.#open.size >= maxOpen) return
    const all = this.#open
    all.add(open)
    open.guard.watch(claims, () => all.delete(open))
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
