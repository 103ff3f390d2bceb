/**
 * A simulated fleet: real servers over one database, real guards, people who log in and out and try
 * again, and machines whose wall clocks may be wrong. It watches for what must never happen.
 */
import { loadConfig, type Config } from '../../../src/server/config.ts'
import { silentLog } from '../../../src/server/system.ts'
import type { Log } from '../../../src/ports/log.ts'
import { pendingCrypto } from '../../../src/testing/pending-crypto.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { SimulatedNetwork } from '../../../src/testing/simulated-network.ts'
import { SimulatedTime } from '../../../src/testing/simulated-time.ts'
import type { AccessClaims } from '../../../src/verifier/claims.ts'
import { Backups } from './backups.ts'
import { Claims } from './claims.ts'
import type { SimulatedDatabase } from './database.ts'
import type { Outsider } from './deliveries.ts'
import { SimulatedGuard } from './guard.ts'
import { Machine } from './machine.ts'
import { People } from './people.ts'
import { Provider } from './provider.ts'
import { RelyingParties } from './relying-parties.ts'
import type { Sabotage } from './sabotage.ts'
import { SimulatedServer } from './server.ts'
import { SharedDatabase } from './shared-database.ts'
import { Truth, type Issued } from './truth.ts'

export interface FleetOptions {
  readonly seed: number
  /** 1: a server that is alone on its database, without a lease of its own. */
  readonly servers: number
  readonly guards: number
  /** Whether people try again, and take a token that is refused for one that has ended. */
  readonly retries: boolean
  /** Whether wall clocks are set wrong and right again. */
  readonly wrongClocks: boolean
  /** Whether days and weeks pass now and then in which nothing happens. */
  readonly weeks: boolean
  /** Whether a server that is alone gets an old backup of its database now and then. */
  readonly restores: boolean
  /** Whether a relying party is away until an hour after everything else works again. */
  readonly outage: boolean
  /** What is wrong on purpose, to see that it is noticed. */
  readonly sabotage?: () => Sabotage
}

const crypto = pendingCrypto()

/** How long an answer may take once nothing is wrong any more. */
export const answeredWithinMs = 2000

/** When an operator changes the lives of tokens. */
const raisedAfterMs = 2500

export class World {
  readonly options: FleetOptions
  readonly config: Config
  readonly time: SimulatedTime = new SimulatedTime()
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  database: SimulatedDatabase
  readonly truth: Truth = new Truth(this.time)
  readonly servers: SimulatedServer[] = []
  readonly guards: SimulatedGuard[] = []
  readonly people: People
  readonly provider: Provider
  readonly relyingParties: RelyingParties
  readonly claims: Claims = new Claims(this.truth)
  readonly sabotage: Sabotage
  /** Of the database of a server that is alone. */
  readonly backups: Backups
  /** Nothing is done before then. */
  quietUntilMs = 0
  troubledUntilMs = 0
  #hot: Issued | undefined

  private constructor(options: FleetOptions, config: Config) {
    this.options = options
    this.config = config
    this.random = new SeededRandom(options.seed)
    this.sabotage = options.sabotage?.() ?? {}
    this.network = new SimulatedNetwork(this.time, this.random)
    this.backups = new Backups(this)
    this.provider = new Provider(this)
    this.relyingParties = new RelyingParties(this)
    this.database = options.servers === 1 ? this.backups.open() : new SharedDatabase()
    for (let index = 1; index <= options.servers; index++) {
      this.servers.push(new SimulatedServer(this, this.#machine(`server-${index}`)))
    }
    for (let index = 1; index <= options.guards; index++) {
      this.guards.push(new SimulatedGuard(this, this.#machine(`guard-${index}`)))
    }
    this.people = new People(this)
  }

  static async make(options: FleetOptions): Promise<World> {
    const config = await loadConfig({}, { issuer: 'https://auth.example', accessLog: false })
    return new World(options, config)
  }

  get alone(): boolean {
    return this.options.servers === 1
  }

  get machines(): readonly Machine[] {
    return [...this.servers, ...this.guards].map(({ machine }) => machine)
  }

  /** The receivers that are told of what ended. */
  get outsiders(): readonly Outsider[] {
    return [this.provider, this.relyingParties]
  }

  /** Whether a server issues tokens that live longer now; one has a new configuration first. */
  isRaised({ name }: SimulatedServer): boolean {
    return this.time.nowMs > raisedAfterMs && name === this.servers[0]?.name
  }

  /** Whether things go wrong now. */
  get isTroubled(): boolean {
    return this.time.nowMs < this.troubledUntilMs
  }

  /** One that runs, if any does. */
  pickServer(): SimulatedServer | undefined {
    const running = this.servers.filter(({ core, machine }) => core && machine.process.running)
    return running.length === 0 ? undefined : this.random.pick(running)
  }

  /** A token to check: often one that was just ended. */
  pickToken(): Issued | undefined {
    const { issued } = this.truth
    if (this.#hot && this.random.chance(0.4)) return this.#hot
    return issued.length === 0 ? undefined : this.random.pick(issued)
  }

  /** What is worth asking about for a while. */
  watch(one: Issued): void {
    this.#hot = one
  }

  /** A caller is told that something is over: from this moment on no verifier may accept it. */
  promise(what: string, covers: (claims: AccessClaims) => boolean): void {
    const { truth } = this
    for (const one of truth.promise(what, covers)) {
      for (const guard of this.guards)
        if (guard.accepts(one)) truth.accepted(guard.machine.name, one)
      for (const server of this.servers) void this.people.check(server, one)
    }
  }

  /** What servers write down. Nothing here keeps them from deleting what is over. */
  readonly log: Log = {
    ...silentLog,
    warn: (fields, message) => {
      if (message === 'cannot sweep') this.truth.complain(`${message}: ${String(fields['reason'])}`)
    },
  }

  /** Lets everything happen that happens until then. */
  async runUntil(untilMs: number, enough: () => boolean = () => false): Promise<void> {
    while (!enough() && this.time.step(untilMs)) await settle()
  }

  /** What is answered in the time that it takes while nothing is wrong. */
  async answered<T>(asked: Promise<T>): Promise<T | undefined> {
    let answer: { readonly value: T } | undefined
    void asked.then((value) => {
      answer = { value }
    })
    await this.runUntil(this.time.nowMs + answeredWithinMs, () => answer !== undefined)
    return answer?.value
  }

  close(): void {
    for (const { machine } of [...this.guards, ...this.servers]) machine.process.kill()
    this.database.close()
    this.backups.remove()
  }

  /** Over weeks a clock is disciplined; over a lease it may be off by nearly the whole margin. */
  #machine(name: string): Machine {
    const { random, options } = this
    const rate = options.weeks ? 1 : random.between(0.981, 1.019)
    return new Machine(name, this.time, rate, random.between(-1000, 1000))
  }
}

async function settle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve))
  while (crypto.count > 0)
}
