/** How people log out: at any server, and again at the same or another one when no answer comes. */
import type { Core } from '../../../src/core/core.ts'
import { generationIn } from '../../../src/domain/generation.ts'
import { isSessionCounter, participantKey, type Scope } from '../../../src/domain/scope.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { ends } from '../../../src/testing/token-pool.ts'
import { audience } from './dialects.ts'
import { refusalOf } from './refusal-of.ts'
import type { SimulatedServer } from './server.ts'
import type { Issued } from './truth.ts'
import type { World } from './world.ts'

/** After so many times without an answer people give up. */
const maxTries = 8

/** What a person wants to be over. */
interface Wish {
  readonly one: Issued
  readonly scope: Extract<Scope, 'token' | 'session' | 'participant' | 'subject' | 'device'>
  /** Whether the generation of the token is named, as a dialect does that ends nothing twice. */
  readonly once: boolean
}

/** A request that has no answer yet. */
interface Asked {
  readonly process: SimulatedProcess
  readonly what: string
  readonly atMs: number
}

export class Logouts {
  /** Requests to servers that are still alive, and have not answered. */
  readonly waiting: Set<Asked> = new Set()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Logs a person out everywhere. */
  endSubject(server: SimulatedServer, one: Issued): Promise<boolean> {
    const wish: Wish = { one, scope: 'subject', once: false }
    this.#world.truth.attempt({ scope: 'subject', key: keyOf(wish) })
    return this.#ask(server, wish)
  }

  /** Asks some server; where nothing is heard for a while, the same or another one. */
  begin(wish: Wish, tries = 1): void {
    const { time, random, truth } = this.#world
    truth.attempt({ scope: wish.scope, key: keyOf(wish) })
    this.#world.watch(wish.one)
    const server = this.#world.pickServer() ?? random.pick(this.#world.servers)
    let answered = false
    time.after(random.between(0.2, 5), () => {
      void this.#ask(server, wish).then((answer) => {
        if (answer) answered = true
      })
    })
    // Now and then the server dies of it, before or after the logout is stored.
    if (this.#world.isTroubled && random.chance(0.15)) {
      const { process } = server.machine
      time.after(random.between(0, 40), () => {
        if (process === server.machine.process) server.kill(random.between(5, 600))
      })
    }
    // Impatient people, nervous double clicks, and programs that always ask twice.
    time.after(random.pick([20, 100, 500, 3000]) * random.between(0.5, 1.5), () => {
      if (this.#world.options.retries && tries < maxTries && (!answered || random.chance(0.1)))
        this.begin(wish, tries + 1)
    })
  }

  /** @returns Whether a person is told that it is over. */
  async #ask(server: SimulatedServer, wish: Wish): Promise<boolean> {
    const { core, machine } = server
    if (!core || !machine.process.alive) return false
    const { process } = machine
    const what = `the end of ${wish.scope} ${keyOf(wish)}`
    const asked = { process, what, atMs: this.#world.time.nowMs }
    return new Promise((resolve) => {
      process.run(() => {
        this.waiting.add(asked)
        void this.#end(core, server, wish).then((told) => {
          this.waiting.delete(asked)
          resolve(process.alive && told)
        })
      })
    })
  }

  /** What every dialect does: looks at the token, and ends what it names. */
  async #end(core: Core, server: SimulatedServer, wish: Wish): Promise<boolean> {
    const { one, scope, once } = wish
    const key = keyOf(wish)
    const by = server.name
    if (scope !== 'device') {
      const refused = await refusalOf(this.#inspect(core, one))
      // That it has ended is what was asked for: a success in one dialect, a 401 in another.
      if (refused === 'token_revoked') {
        return this.#told(
          server,
          `${by} said that it was over`,
          ({ jti }) => jti === one.claims.jti,
        )
      }
      if (refused !== undefined) return false
    }
    const seen = isSessionCounter(scope) ? generationIn(one.claims.gen, scope) : undefined
    const ended = core.revoke({
      scope,
      key,
      reason: 'logout',
      actor: 'system',
      ...(once && seen !== undefined ? { ifGeneration: seen } : {}),
      wait: true,
    })
    if ((await refusalOf(ended)) !== undefined) return false
    const { revocation } = await ended
    return this.#told(server, `${by} ended ${scope} ${key}`, (claims) => ends(revocation, claims))
  }

  #inspect(core: Core, one: Issued): Promise<unknown> {
    if (this.#world.sabotage.deadIsDone) return core.inspect(one.jwt, audience)
    return core.inspectForLogout({ token: one.jwt, audience, wait: true })
  }

  #told(
    { machine }: SimulatedServer,
    what: string,
    covers: Parameters<World['promise']>[1],
  ): boolean {
    if (!machine.process.alive) return false
    this.#world.promise(what, covers)
    return true
  }
}

function keyOf({ one: { claims }, scope }: Wish): string {
  return {
    token: claims.jti,
    session: claims.sid,
    participant: participantKey(claims.client_id, claims.sid),
    subject: claims.sub,
    device: claims.device_id ?? '',
  }[scope]
}
