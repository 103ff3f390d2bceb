/**
 * People and their programs: they log in, join with another client, refresh and use what they have
 * at any server. `logouts.ts` has how they log out.
 */
import type { FailureKind } from '../../../src/domain/failure.ts'
import {
  audience,
  dialects,
  dialectsInUse,
  oauth,
  type FleetClient,
  type FleetDialect,
} from './dialects.ts'
import { Logouts } from './logouts.ts'
import { refusalOf } from './refusal-of.ts'
import type { SimulatedServer } from './server.ts'
import type { Issued } from './truth.ts'
import type { World } from './world.ts'

const subjects = Array.from({ length: 24 }, (_, index) => `person-${index + 1}`)

export class People {
  readonly logouts: Logouts
  readonly #world: World
  readonly #refreshable: Issued[] = []

  constructor(world: World) {
    this.#world = world
    this.logouts = new Logouts(world)
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
    const { nowMs: askedMs } = this.#world.time
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
      const next = truth.issue(await issuing, one.timely && isRight && machine.isRight)
      truth.refreshed(machine.name, one, next, askedMs)
      this.#keep(next)
      return 'ok'
    }
    const isRefused = refused !== 'stale' && refused !== 'store_unavailable'
    if (isRefused && isRight && machine.isRight && truth.isRefreshable(one)) {
      truth.complain(`${machine.name} did not refresh ${one.claims.sid}: ${refused}`)
    }
    return refused
  }

  /** The latest sessions that were not refreshed yet. */
  get refreshable(): readonly Issued[] {
    return this.#refreshable
  }

  /** A login at some clients of OAuth, by a person who does nothing else. */
  async logInAtAll(
    { core, machine }: SimulatedServer,
    [first, ...others]: readonly [FleetClient, ...FleetClient[]],
  ): Promise<Issued> {
    const { truth } = this.#world
    if (core === undefined) throw new Error('Cannot log in: the server is down')
    const opened = truth.issue(
      await core.openSession({ ...loginAt(oauth, first), subjectId: 'visitor' }),
      machine.isRight,
    )
    for (const other of others) {
      truth.issue(
        await core.joinSession({ ...loginAt(oauth, other), sid: opened.claims.sid }),
        machine.isRight,
      )
    }
    return opened
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
    this.logouts.begin({ one, scope, once: random.chance(0.5) })
  }

  async #logIn(): Promise<void> {
    const { random, truth } = this.#world
    const server = this.#world.pickServer()
    if (!server?.core) return
    const { core, machine } = server
    const { process, isRight } = machine
    const dialect = random.pick(dialectsInUse(this.#world.isRaised(server)))
    const opening = core.openSession({
      ...loginAt(dialect, random.pick(dialect.clients)),
      refreshLifetimeMs: dialect.refreshLifetimeMs,
      subjectId: random.pick(subjects),
      ...(random.chance(0.3) ? { deviceKey: `device-${random.below(5)}` } : {}),
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
    const joining = core.joinSession({
      ...loginAt(dialect, random.pick(dialect.clients)),
      refreshLifetimeMs: dialect.refreshLifetimeMs,
      sid: one.claims.sid,
    })
    const refused = await refusalOf(joining)
    if (!process.alive) return
    if (refused === undefined) {
      this.#keep(truth.issue(await joining, one.timely && isRight && machine.isRight))
      return
    }
    const isRefused = refused !== 'stale' && refused !== 'store_unavailable'
    if (isRefused && isRight && machine.isRight && truth.isJoinable(one)) {
      truth.complain(`${machine.name} let no client join ${one.claims.sid}: ${refused}`)
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
}

/** A login of a client, without a refresh token. */
function loginAt(dialect: FleetDialect, { id, attributes }: FleetClient) {
  return {
    clientId: id,
    ...(attributes ? { attributes } : {}),
    dialect: dialect.name,
    audience,
    accessLifetimeMs: dialect.accessLifetimeMs,
    claims: { dialect: dialect.name },
  }
}
