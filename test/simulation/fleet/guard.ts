/** A guard in a simulated fleet: the real one, that checks tokens all the time. */
import { createGuard } from '../../../src/guard/guard.ts'
import type { Guard } from '../../../src/guard/options.ts'
import type { ConnectFeed } from '../../../src/guard/transport.ts'
import type { Machine } from './machine.ts'
import type { SimulatedServer } from './server.ts'
import type { Issued } from './truth.ts'
import type { World } from './world.ts'

export class SimulatedGuard {
  readonly machine: Machine
  readonly #world: World
  #guard!: Guard
  /** The last one that it has connected to. */
  #server: SimulatedServer | undefined

  constructor(world: World, machine: Machine) {
    this.#world = world
    this.machine = machine
    this.#start()
  }

  get isFresh(): boolean {
    return this.machine.process.alive && this.#guard.status().fresh
  }

  /** Whether it would accept a token at this moment, without having to look at its signature. */
  accepts(one: Issued): boolean {
    return this.machine.process.running && this.#guard.checkNow(one.jwt)?.ok === true
  }

  /** Checks a token and tells what came of it. */
  async check(one: Issued): Promise<string> {
    const { process, isRight, name } = this.machine
    const { truth } = this.#world
    const verdict = await this.#guard.check(one.jwt)
    if (!process.alive) return 'killed'
    if (verdict.ok) truth.accepted(name, one)
    else truth.refused(name, one, verdict.reason, isRight && this.machine.isRight)
    return verdict.ok ? 'ok' : verdict.reason
  }

  kill(forMs: number): void {
    const { process } = this.machine
    if (!process.alive) return
    process.kill()
    this.#world.network.reset(process)
    const { time } = this.#world
    const again = (): void => {
      const quietMs = this.#world.quietUntilMs - time.nowMs
      if (quietMs > 0) return time.after(quietMs, again)
      this.machine.restart()
      this.#start()
    }
    time.after(forMs, again)
  }

  #start(): void {
    const { process, name } = this.machine
    const { random, config, sabotage } = this.#world
    const server = () => this.#server?.machine.process
    const clock = sabotage.guardClock?.(process, server) ?? process
    this.#guard = createGuard({
      server: config.issuer,
      credential: 'credential',
      name,
      clock,
      random: () => random.fraction(),
      connect: this.#connect,
      keys: (header, token) => {
        const ring = this.#world.pickServer()?.keys
        if (!ring) throw new Error('Cannot fetch keys: no server runs')
        return ring.find(header, token)
      },
    })
    this.#checkLater(process)
  }

  #checkLater(process: Machine['process']): void {
    const { random } = this.#world
    process.after(random.between(5, 150), () => {
      const one = this.#world.pickToken()
      if (one) void this.check(one)
      this.#checkLater(process)
    })
  }

  readonly #connect: ConnectFeed = (_target, events) => {
    const { network } = this.#world
    const { process } = this.machine
    const server = this.#world.pickServer()
    this.#server = server
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
      () =>
        server && {
          process: server.machine.process,
          listener: (serverEnd) => server.hub?.accept(serverEnd),
        },
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
