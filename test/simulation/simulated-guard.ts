/** A guard in a simulated world. */
import { createGuardWithRules } from '../../src/guard/guard.ts'
import { guardRules } from '../../src/guard/lease.ts'
import type { Guard } from '../../src/guard/options.ts'
import type { ConnectFeed } from '../../src/guard/transport.ts'
import type { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { issuer, type PoolToken, type TokenPool } from '../../src/testing/token-pool.ts'
import type { World } from './world.ts'

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
