/**
 * People and their programs: they log in, join with another client, refresh, use and log out at any
 * server, and try again when no answer comes.
 */
import type { Core } from '../../../src/core/core.ts'
import { Refusal, type FailureKind } from '../../../src/domain/failure.ts'
import { generationIn } from '../../../src/domain/generation.ts'
import { isSessionCounter, participantKey, type Scope } from '../../../src/domain/scope.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { ends } from '../../../src/testing/token-pool.ts'
import { dialects, dialectsInUse, oauth, type FleetClient } from './dialects.ts'
import type { SimulatedServer } from './server.ts'
import type { Issued } from './truth.ts'
import type { World } from './world.ts'

const subjects = Array.from({ length: 24 }, (_, index) => `person-${index + 1}`)
const audience = 'api'
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

export class People {
  /** Requests to servers that are still alive, and have not answered. */
  readonly waiting: Set<Asked> = new Set()
  readonly #world: World
  readonly #refreshable: Issued[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Lets people come and go until then. */
  begin(untilMs: number, everyMs: number): void {
    const { time, random } = this.#world
    time.after(random.between(0, 2 * everyMs), () => {
      if (time.nowMs >= untilMs) return
      if (time.nowMs >= this.#world.quietUntilMs) this.#act()
      this.begin(untilMs, everyMs)
    })
  }

  /** A server decides about a token, as for a proxy that asks. */
  async check(server: SimulatedServer, one: Issued): Promise<string | undefined> {
    const { core, machine } = server
    const { truth } = this.#world
    if (!core || !machine.process.running) return undefined
    const { process, isRight, name } = machine
    const reason = await refusalOf(core.inspect(one.jwt, audience))
    if (!process.alive) return undefined
    if (reason === undefined) truth.accepted(name, one)
    else truth.refused(name, one, reason, isRight && machine.isRight)
    return reason ?? 'ok'
  }

  /** Uses a refresh token up; undefined where no server answered. */
  async refresh(server: SimulatedServer, one: Issued): Promise<FailureKind | 'ok' | undefined> {
    const { core, machine } = server
    const { truth } = this.#world
    if (!core) return undefined
    const { process, isRight } = machine
    const dialect = dialects.find(({ name }) => one.claims['dialect'] === name) ?? dialects[0]
    const issuing = core.refresh({
      refreshToken: one.refreshToken ?? '',
      dialect: dialect.name,
      audience,
      accessLifetimeMs: dialect.accessLifetimeMs,
      refreshLifetimeMs: dialect.refreshLifetimeMs,
      graceMs: 0,
      onReplay: 'refuse',
      claims: { dialect: dialect.name },
    })
    const refused = await refusalOf(issuing)
    if (!process.alive) return undefined
    if (refused === undefined) {
      truth.refreshed(machine.name, one)
      this.#keep(truth.issue(await issuing, one.timely && isRight && machine.isRight))
      return 'ok'
    }
    const isRefused = refused !== 'stale' && refused !== 'store_unavailable'
    if (isRefused && isRight && machine.isRight && truth.isRefreshable(one)) {
      truth.complain(`${machine.name} did not refresh ${one.claims.sid}: ${refused}`)
    }
    return refused
  }

  /** The latest sessions that nobody has refreshed yet. */
  get refreshable(): readonly Issued[] {
    return this.#refreshable
  }

  /** A login at some clients of OAuth, by somebody who does nothing else. */
  async logInAtAll(
    { core, machine }: SimulatedServer,
    [first, ...others]: readonly [FleetClient, ...FleetClient[]],
  ): Promise<Issued> {
    const { truth } = this.#world
    if (core === undefined) throw new Error('Cannot log in: the server is down')
    const request = {
      dialect: oauth.name,
      audience,
      accessLifetimeMs: oauth.accessLifetimeMs,
      claims: { dialect: oauth.name },
    }
    const as = ({ id, attributes }: FleetClient) => ({
      ...request,
      clientId: id,
      ...(attributes ? { attributes } : {}),
    })
    const opened = truth.issue(
      await core.openSession({ ...as(first), subjectId: 'visitor' }),
      machine.isRight,
    )
    for (const other of others) {
      truth.issue(await core.joinSession({ ...as(other), sid: opened.claims.sid }), machine.isRight)
    }
    return opened
  }

  /** Logs somebody out everywhere. */
  endSubject(server: SimulatedServer, one: Issued): Promise<boolean> {
    const wish: Wish = { one, scope: 'subject', once: false }
    this.#world.truth.attempt({ scope: 'subject', key: keyOf(wish) })
    return this.#ask(server, wish)
  }

  #act(): void {
    const { random, truth } = this.#world
    const die = truth.issued.length < 8 ? 0 : random.fraction()
    if (die < 0.35) return void this.#logIn()
    if (die < 0.5) {
      const one = this.#takeRefreshable()
      const server = this.#world.pickServer()
      if (one && server) void this.refresh(server, one)
      return
    }
    if (die < 0.56) return void this.#join()
    if (die < 0.75) {
      const one = this.#world.pickToken()
      const server = random.pick(this.#world.servers)
      if (one) void this.check(server, one)
      return
    }
    const alive = truth.issued.slice(-30).filter((one) => truth.isGood(one))
    const one = random.pick(alive.length > 0 && random.chance(0.8) ? alive : truth.issued)
    const scope = random.pick([
      'token',
      'session',
      'session',
      'participant',
      'subject',
      'device',
    ] as const)
    if (scope === 'device' && one.claims.device_id === undefined) return
    this.#logOut({ one, scope, once: random.chance(0.5) }, 1)
  }

  async #logIn(): Promise<void> {
    const { random, truth } = this.#world
    const server = this.#world.pickServer()
    if (!server?.core) return
    const { core, machine } = server
    const { process, isRight } = machine
    const dialect = random.pick(dialectsInUse(this.#world.isRaised(server)))
    const { id: clientId, attributes } = random.pick(dialect.clients)
    const opening = core.openSession({
      subjectId: random.pick(subjects),
      clientId,
      ...(attributes ? { attributes } : {}),
      ...(random.chance(0.3) ? { deviceKey: `device-${random.below(5)}` } : {}),
      dialect: dialect.name,
      audience,
      accessLifetimeMs: dialect.accessLifetimeMs,
      refreshLifetimeMs: dialect.refreshLifetimeMs,
      claims: { dialect: dialect.name },
    })
    const refused = await refusalOf(opening)
    if (!process.alive || refused !== undefined) return
    this.#keep(truth.issue(await opening, isRight && machine.isRight))
  }

  /** A login at another client, in the session that there is. */
  async #join(): Promise<void> {
    const { random, truth } = this.#world
    const server = this.#world.pickServer()
    const one = this.#world.pickToken()
    if (!server?.core || !one) return
    const { core, machine } = server
    const { process, isRight } = machine
    const inUse = dialectsInUse(this.#world.isRaised(server))
    const dialect = random.chance(0.5) ? oauth : random.pick(inUse)
    const { id: clientId, attributes } = random.pick(dialect.clients)
    const joining = core.joinSession({
      sid: one.claims.sid,
      clientId,
      ...(attributes ? { attributes } : {}),
      dialect: dialect.name,
      audience,
      accessLifetimeMs: dialect.accessLifetimeMs,
      refreshLifetimeMs: dialect.refreshLifetimeMs,
      claims: { dialect: dialect.name },
    })
    const refused = await refusalOf(joining)
    if (!process.alive) return
    if (refused === undefined) {
      this.#keep(truth.issue(await joining, one.timely && isRight && machine.isRight))
      return
    }
    const isRefused = refused !== 'stale' && refused !== 'store_unavailable'
    if (isRefused && isRight && machine.isRight && truth.isJoinable(one)) {
      truth.complain(`${machine.name} let nobody join ${one.claims.sid}: ${refused}`)
    }
  }

  #keep(one: Issued): void {
    if (one.refreshToken !== undefined) this.#refreshable.push(one)
    if (this.#refreshable.length > 40) this.#refreshable.shift()
  }

  #takeRefreshable(): Issued | undefined {
    const { random } = this.#world
    if (this.#refreshable.length === 0) return undefined
    return this.#refreshable.splice(random.below(this.#refreshable.length), 1)[0]
  }

  /** Asks some server; where nothing is heard for a while, the same or another one. */
  #logOut(wish: Wish, tries: number): void {
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
        this.#logOut(wish, tries + 1)
    })
  }

  /** @returns Whether somebody is told that it is over. */
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

/** Why it was refused; undefined where it was not. */
async function refusalOf(attempt: Promise<unknown>): Promise<FailureKind | undefined> {
  try {
    await attempt
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.failure.kind
    throw error
  }
}
