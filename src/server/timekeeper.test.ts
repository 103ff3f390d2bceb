import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { silentLog } from './system.ts'
import { openTimekeeper, type Timekeeper, type TimeStore } from './timekeeper.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Keeps texts as a store without a clock of its own does. */
function emptyStore(): TimeStore {
  const texts = new Map<string, string>()
  return {
    stream: 'node-1',
    databaseTimeMs: () => Promise.resolve(undefined),
    putTicket({ key, value }) {
      texts.set(key, value)
      return Promise.resolve()
    },
    listTickets: (kind, prefix) =>
      Promise.resolve(
        [...texts]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, value]) => ({ kind, key, value, expiresAtMs: Infinity })),
      ),
  }
}

/** A server that is started and stopped, in a time of its own. */
class Server {
  readonly #time = new SimulatedTime()
  readonly #store = emptyStore()
  #wallOffsetMs = 0
  #process: SimulatedProcess | undefined
  #keeper: Timekeeper | undefined
  #warnings = 0

  async start(): Promise<void> {
    const faults = { rate: 1, wallOffsetMs: this.#wallOffsetMs }
    this.#process = new SimulatedProcess('node-1', this.#time, faults)
    const log = { ...silentLog, warn: () => void this.#warnings++ }
    this.#keeper = await openTimekeeper(this.#store, this.#process, log)
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.#time.nowMs + ms
    let isOver = false
    this.#time.after(ms, () => (isOver = true))
    while (!isOver) {
      this.#time.step(untilMs)
      // A turn waits for its store.
      await new Promise(setImmediate)
    }
  }

  setWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs
    this.#process?.setWallClock(byMs)
  }

  async stop(how: 'in order' | 'killed'): Promise<void> {
    if (how === 'in order') this.#keeper?.stop()
    await new Promise(setImmediate)
    this.#process?.kill()
  }

  async restart(how: 'in order' | 'killed', downMs: number): Promise<void> {
    await this.stop(how)
    await this.pass(downMs)
    await this.start()
  }

  get leadMs(): number {
    return this.#keeper?.leadMs() ?? NaN
  }

  get latestMs(): number {
    return this.#keeper?.latestMs() ?? NaN
  }

  /** Since this was asked last. */
  takeWarnings(): number {
    const since = this.#warnings
    this.#warnings = 0
    return since
  }
}

suite('the time by which ends of other issuers reach and last', () => {
  test('the later of the wall clock and the database’s, where they agree about', async () => {
    const time = new SimulatedTime()
    const process = new SimulatedProcess('node-1', time, { rate: 1, wallOffsetMs: 0 })
    const store: TimeStore = {
      ...emptyStore(),
      databaseTimeMs: () => Promise.resolve(process.nowMs() - offsetMs),
    }
    let offsetMs = 0
    const keeper = await openTimekeeper(store, process, silentLog)
    const databaseMs = keeper.nowMs()
    for (const [aheadMs, reachesMs] of [
      [20 * second, 20 * second],
      [-20 * second, 0],
      [40 * second, 0],
      [-40 * second, 0],
      [-50 * 365 * 24 * hour, 0],
    ] as const) {
      process.setWallClock(aheadMs - offsetMs)
      offsetMs = aheadMs
      assert.equal(keeper.cutoffMs(), databaseMs + reachesMs, `${aheadMs} ms ahead`)
      assert.ok(keeper.latestMs() >= databaseMs)
    }
    keeper.stop()
  })

  test('without a database’s clock: what is remembered is so from the latest time known', async () => {
    const server = new Server()
    await server.start()
    await server.pass(2 * minute)
    const latestMs = server.latestMs
    await server.stop('killed')
    server.setWallClock(-50 * 365 * 24 * hour)
    await server.start()
    // A killed server has stored its time a minute ago at the most.
    assert.ok(server.latestMs > latestMs - minute)
  })
})

suite('what a node says of its wall clock', () => {
  test('nothing at quick restarts, however many, nor after a run that was stopped in order', async () => {
    const server = new Server()
    await server.start()
    for (let turn = 0; turn < 20; turn++) {
      await server.pass(55 * second)
      await server.restart('in order', 5 * second)
    }
    assert.ok(Math.abs(server.leadMs - 20 * 5 * second) < second, `${server.leadMs} ms`)
    assert.equal(server.takeWarnings(), 0)
  })

  test('that it was down for long, once, and not again at each restart', async () => {
    const server = new Server()
    await server.start()
    await server.pass(2 * minute)
    await server.restart('in order', 12 * hour)
    assert.equal(server.takeWarnings(), 1)
    for (const how of ['in order', 'killed'] as const) {
      await server.pass(61 * second)
      await server.restart(how, 5 * second)
      assert.equal(server.takeWarnings(), 0, how)
    }
    await server.pass(61 * second)
    await server.restart('killed', 10 * minute)
    assert.equal(server.takeWarnings(), 1)
  })

  test('each time that it jumps ahead while it runs, and not while it goes on so', async () => {
    const server = new Server()
    await server.start()
    for (const jumpMs of [400 * 24 * hour, 2 * hour, 61 * second]) {
      server.setWallClock(jumpMs)
      await server.pass(2 * minute)
      assert.equal(server.takeWarnings(), 1)
    }
    server.setWallClock(-400 * 24 * hour)
    await server.pass(2 * minute)
    server.setWallClock(400 * 24 * hour)
    await server.pass(2 * minute)
    assert.equal(server.takeWarnings(), 1)
  })
})
