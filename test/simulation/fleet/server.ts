/** A server in a simulated fleet: everything that is wired together but HTTP. */
import { createCore, type Core } from '../../../src/core/core.ts'
import type { KeyRing } from '../../../src/core/key-ring.ts'
import type { FeedHub } from '../../../src/feed/index.ts'
import type { Store } from '../../../src/ports/store.ts'
import { carryOutDecision, checkDecision } from '../../../src/server/after-restore.ts'
import { openDependencies } from '../../../src/server/dependencies.ts'
import type { Config } from '../../../src/server/config.ts'
import { logCutter } from '../../../src/server/cutting.ts'
import { startDelivering } from '../../../src/server/deliveries/index.ts'
import { NodeLags } from '../../../src/server/node-lags.ts'
import { watchReadiness } from '../../../src/server/readiness.ts'
import { startSweeping } from '../../../src/server/sweeping.ts'
import { openIssuers } from '../../../src/server/issuers.ts'
import { openTimekeeper } from '../../../src/server/timekeeper.ts'
import { openVerification, type Verification } from '../../../src/server/verification.ts'
import { Listeners } from '../../../src/stores/listeners.ts'
import { keepNodeLeases } from '../../../src/stores/node-lease.ts'
import { StreamReader } from '../../../src/stores/postgres/stream-reader.ts'
import { storeOver } from '../../../src/stores/sqlite/store.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { SimulatedAccess } from './access.ts'
import type { Machine } from './machine.ts'
import { simulatedNodeTable } from './node-rows.ts'
import { SharedDatabase } from './shared-database.ts'
import type { World } from './world.ts'

/** What a server is once it is ready. */
interface Running {
  readonly core: Core
  readonly keys: KeyRing
  readonly verification: Verification
  readonly close: () => Promise<void>
}

export class SimulatedServer {
  readonly machine: Machine
  readonly #world: World
  #running: Running | undefined

  constructor(world: World, machine: Machine) {
    this.#world = world
    this.machine = machine
    this.#start()
  }

  get name(): string {
    return this.machine.name
  }

  /** Undefined while it is down or starts. */
  get keys(): KeyRing | undefined {
    return this.machine.process.alive ? this.#running?.keys : undefined
  }

  get core(): Core | undefined {
    return this.machine.process.alive ? this.#running?.core : undefined
  }

  get hub(): FeedHub | undefined {
    return this.machine.process.alive ? this.#running?.verification.hub : undefined
  }

  /** SIGKILL, and another run a while later. */
  kill(forMs: number, meanwhile: () => void = () => undefined): void {
    const { process } = this.machine
    if (!process.alive) return
    process.kill()
    this.#running = undefined
    const { network, time } = this.#world
    network.reset(process)
    time.after(forMs, () => {
      meanwhile()
      this.#start()
    })
  }

  /** Ends as it does when it is asked to, and another run begins a while later. */
  stop(forMs: number): void {
    const { process } = this.machine
    const running = this.#running
    if (!process.running || !running) return
    this.#running = undefined
    void running.close().then(() => {
      process.kill()
      this.#world.time.after(forMs, () => {
        this.#start()
      })
    })
  }

  #start(): void {
    const { time, quietUntilMs } = this.#world
    if (time.nowMs < quietUntilMs) {
      time.after(quietUntilMs - time.nowMs, () => {
        this.#start()
      })
      return
    }
    const process = this.machine.process.alive ? this.machine.process : this.machine.restart()
    void this.#open(process).then((running) => {
      this.#running = running
    })
  }

  async #open(process: SimulatedProcess): Promise<Running> {
    const world = this.#world
    const { config, random, sabotage, log } = world
    const { store, leases, reader } = await this.#openStore(process, config)
    const decided = { ...config, afterRestore: world.backups.decision }
    const mustDecide = await checkDecision(store, decided)
    const time = await openTimekeeper(store, process, log)
    const verification = await openVerification(
      store,
      leases,
      mustDecide,
      config,
      time,
      process,
      log,
    )
    // Told from when a server runs, and not before: the core is there by then.
    const receivers = [
      world.provider.receiver(process),
      world.relyingParties.receiver(process, () => core),
    ]
    const dependencies = await openDependencies({
      store,
      readiness: watchReadiness({ store, leases, stopped: new Promise(() => undefined) }, time),
      verification: { ...verification, hub: sabotage.hub?.(verification.hub) ?? verification.hub },
      nodeLags: leases && new NodeLags(leases, process),
      receivers: sabotage.receivers?.(receivers) ?? receivers,
      issuers: openIssuers(config, store, process, log),
      metrics: { observeConfirmation: () => undefined },
      config,
      time,
      world: { clock: process, random, log, otpSender: { send: () => Promise.resolve() } },
    })
    const core: Core = createCore(dependencies)
    if (mustDecide) {
      await carryOutDecision(core, dependencies, decided, log)
      if (process.alive) world.backups.decided()
    }
    const { replica, hub } = verification
    sabotage.replica?.(replica, process)
    const { keys } = dependencies
    // Of a shared database the streams are only in what is given out, so nothing is cut there.
    const cutLog =
      world.database instanceof SharedDatabase
        ? () => Promise.resolve()
        : logCutter(core, time, 1, log)
    const stopSweeping = startSweeping({
      store,
      cutLog,
      replica,
      keys,
      time,
      clock: process,
      log,
    })
    const stopDelivering = startDelivering({
      core,
      dependencies,
      observe: () => undefined,
    })
    return {
      core,
      keys,
      verification,
      async close() {
        stopSweeping()
        time.stop()
        hub.close()
        await stopDelivering()
        await leases?.close(hub.heldForMs())
        await reader?.close()
      },
    }
  }

  /** As the stores do it: with others it follows their streams, alone it knows everything itself. */
  async #openStore(process: SimulatedProcess, { leaseMs, renewMs }: Config) {
    const world = this.#world
    const { name } = this
    const listeners = new Listeners(undefined)
    const { database, sabotage } = world
    const stream = database.streamOf(name)
    const access = new SimulatedAccess(world, process, stream, listeners)
    const real: Store = storeOver(stream, access, listeners)
    const store = sabotage.store?.(real, process) ?? real
    if (!(database instanceof SharedDatabase)) {
      return { store, leases: undefined, reader: undefined }
    }
    // As PostgreSQL does, it says what time it is.
    Object.assign(store, { databaseTimeMs: () => access.timeMs() })
    const reader = new StreamReader({
      source: store,
      own: name,
      clock: process,
      log: undefined,
      pollEveryMs: 1000,
      onEntries: (entries) => {
        listeners.call(entries)
      },
      onCut: () => {
        throw new Error('nothing is cut here')
      },
    })
    reader.open(await store.head())
    const notifier = notifierOf(database, world, process)
    notifier.onNotification((payload) => {
      if (payload.startsWith('log ')) reader.look()
    })
    const own = keepNodeLeases({
      node: name,
      clock: process,
      log: undefined,
      notifier,
      openTable: () => simulatedNodeTable(world, database, process),
      leaseMs,
      renewMs,
    })
    const leases = sabotage.leases?.(own) ?? own
    return { store, leases, reader }
  }
}

/** The notifier as one process hears it: a little later, and not always. */
function notifierOf(database: SharedDatabase, { time, random }: World, process: SimulatedProcess) {
  return {
    onNotification: (listener: (payload: string) => void) =>
      database.onNotification((payload) => {
        if (!process.alive || random.chance(0.05)) return
        time.after(random.between(0.2, 5), () => {
          process.run(() => {
            listener(payload)
          })
        })
      }),
  }
}
