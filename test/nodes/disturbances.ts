/**
 * What happens to nodes, guards, their networks and the database: a schedule that a seed decides.
 * Every disturbance mends itself after a while, and all are mended at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestCluster } from '../../src/testing/postgres.ts'
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { History } from './history.ts'
import type { Fleet, Guarded, Node } from './processes.ts'

/** The longest that anything is frozen, stopped or cut off: longer than a lease. */
const MAX_MS = 5_000
const PROCESS = ['freeze', 'freeze', 'freeze', 'kill', 'end'] as const
const NETWORK = ['cut', 'freeze', 'freeze and cut', 'delay', 'slow', 'refuse'] as const
/** How long what a slow link carries to a guard or a node is on its way, at most. */
const SLOWEST_MS = 900
const HOUR_S = 3600
/** A lost leap, a wrong time zone, an empty battery, a wrong year. */
const WRONG_BY_S = [
  -400 * 24 * HOUR_S,
  -HOUR_S,
  -30,
  30,
  // Longer than a due time may be ahead: `MAX_DUE_MS`.
  3 * HOUR_S,
  12 * 24 * HOUR_S,
  400 * 24 * HOUR_S,
]

type Database = Pick<TestCluster, 'kill' | 'restart' | 'freeze' | 'thaw'>

export class Disturbances {
  readonly #database: Database | undefined
  readonly #fleet: Fleet
  readonly #history: History
  readonly #random: SeededRandom
  readonly #busy = new Set<object>()
  readonly #under = new Set<Promise<void>>()
  #ended = false

  /** @param database Undefined where each node has its own, which ends with it. */
  constructor(
    database: Database | undefined,
    fleet: Fleet,
    history: History,
    random: SeededRandom,
  ) {
    this.#database = database
    this.#fleet = fleet
    this.#history = history
    this.#random = random
  }

  /** Disturbs for so long; resolves when everything is mended. */
  async run(forMs: number): Promise<void> {
    const endMs = performance.now() + forMs
    while (performance.now() < endMs) {
      await sleep(this.#random.between(100, 900))
      const one = this.#choose().finally(() => this.#under.delete(one))
      this.#under.add(one)
    }
    this.#ended = true
    await Promise.all(this.#under)
  }

  /**
   * A node has been asked for a logout: some die of it before they have answered, stored or not.
   * Called as often as that happens.
   */
  loggingOut(node: Node): void {
    if (this.#ended || !this.#random.chance(0.005)) return
    const afterMs = this.#random.between(2, 60)
    const dying = this.#with(node.child, `${node.name}: killed in a logout`, async () => {
      await sleep(afterMs)
      await node.child.kill()
      await this.#fleet.restart(node)
    }).finally(() => this.#under.delete(dying))
    this.#under.add(dying)
  }

  #choose(): Promise<void> {
    const random = this.#random
    const node = random.pick(this.#fleet.nodes)
    const guard = random.pick(this.#fleet.guards)
    const choice = random.fraction()
    if (choice < 0.1) return this.#setClock()
    // Where there is one node alone, it must be up for long enough to be asked something.
    if (choice < (this.#fleet.nodes.length > 1 ? 0.35 : 0.2)) return this.#disturbProcess(node)
    if (choice < 0.6) return this.#disturbNetwork(node)
    if (choice < 0.7) return this.#disturbProcess(guard)
    if (choice < 0.87) return this.#disturbNetwork(guard)
    if (choice < 0.95) return this.#move(guard)
    return choice < 0.975 ? this.#freezeDatabase() : this.#crashDatabase()
  }

  async #setClock(): Promise<void> {
    const random = this.#random
    const able = [...this.#fleet.nodes, ...this.#fleet.guards].filter(({ child }) => child.clock)
    if (able.length === 0) return
    const { name, child } = random.pick(able)
    const { clock } = child
    if (clock === undefined) return
    const bySeconds = random.pick(WRONG_BY_S)
    const forMs = random.between(200, MAX_MS)
    const what = `${name}: wall clock wrong by ${String(bySeconds)} s for ${forMs.toFixed(0)} ms`
    await this.#with(clock, what, async () => {
      clock.setWrong(bySeconds)
      await sleep(forMs)
      clock.setRight()
    })
  }

  async #freezeDatabase(): Promise<void> {
    const database = this.#database
    if (database === undefined) return
    const forMs = this.#random.between(50, MAX_MS)
    await this.#with(database, `database: freezes for ${forMs.toFixed(0)} ms`, async () => {
      database.freeze()
      await sleep(forMs)
      database.thaw()
    })
  }

  async #crashDatabase(): Promise<void> {
    const database = this.#database
    if (database === undefined) return
    const forMs = this.#random.between(0, MAX_MS / 4)
    await this.#with(database, `database: crashes for ${forMs.toFixed(0)} ms`, async () => {
      await database.kill()
      await sleep(forMs)
      await database.restart()
    })
  }

  async #disturbProcess(target: Node | Guarded): Promise<void> {
    const { child, name } = target
    const how = this.#random.pick(PROCESS)
    const forMs = this.#random.between(50, MAX_MS)
    await this.#with(child, `${name}: ${how} for ${forMs.toFixed(0)} ms`, async () => {
      if (how === 'freeze') {
        child.signal('SIGSTOP')
        await sleep(forMs)
        child.signal('SIGCONT')
        return
      }
      await (how === 'kill' ? child.kill() : child.stop())
      await sleep(forMs / 2)
      await ('node' in target ? child.start() : this.#fleet.restart(target))
    })
  }

  async #disturbNetwork(target: Node | Guarded): Promise<void> {
    const { network, name } = target
    if (network === undefined) return
    const how = this.#random.pick(NETWORK)
    const forMs = this.#random.between(50, MAX_MS)
    await this.#with(network, `${name}: network, ${how} for ${forMs.toFixed(0)} ms`, async () => {
      switch (how) {
        case 'cut':
          network.cut()
          return
        case 'freeze':
        case 'freeze and cut':
          network.freeze()
          await sleep(forMs)
          if (how === 'freeze and cut') network.cut()
          network.thaw()
          return
        case 'delay':
          network.delay(forMs / 40)
          await sleep(forMs)
          network.delay(0)
          return
        case 'slow':
          network.delayAnswers(this.#random.between(SLOWEST_MS / 3, SLOWEST_MS))
          await sleep(forMs)
          network.delayAnswers(0)
          return
        case 'refuse':
          network.refuse()
          network.cut()
          await sleep(forMs)
          network.accept()
      }
    })
  }

  async #move(guard: Guarded): Promise<void> {
    const node = this.#random.pick(this.#fleet.nodes)
    await this.#with(guard.network, `${guard.name}: moves to ${node.name}`, () => {
      this.#fleet.move(guard, node)
      return Promise.resolve()
    })
  }

  /** One disturbance of one thing at a time. */
  async #with(what: object, text: string, disturb: () => Promise<void>): Promise<void> {
    if (this.#busy.has(what)) return
    this.#busy.add(what)
    this.#history.disturb(performance.now(), text)
    try {
      await disturb()
    } finally {
      this.#busy.delete(what)
    }
  }
}
