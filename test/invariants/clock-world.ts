/** A server on SQLite whose clock belongs to the test: weeks pass in a second, and it may be wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Core } from '../../src/core/core.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemRandom } from '../../src/server/system.ts'

/** September 2026. */
const EPOCH_MS = 1_790_000_000_000

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

/** Time passes in leaps: every timer that is due within one is called once, late. */
class LeapingClock implements Clock {
  /** By how much the wall clock is wrong. */
  offsetMs = 0
  #passedMs = 0
  #timers = new Set<Timer>()

  get trueMs(): number {
    return EPOCH_MS + this.#passedMs
  }

  nowMs(): number {
    return this.trueMs + this.offsetMs
  }

  monotonicMs(): number {
    return this.#passedMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#passedMs + delayMs, callback }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  leap(ms: number): void {
    this.#passedMs += ms
    for (const timer of new Set(this.#timers)) {
      if (timer.atMs > this.#passedMs || !this.#timers.delete(timer)) continue
      timer.callback()
    }
  }

  /** The process ends: no timer of it is called any more. */
  forget(): void {
    this.#timers = new Set()
  }
}

export class ClockWorld {
  readonly clock: LeapingClock = new LeapingClock()
  readonly #folder = mkdtempSync(join(tmpdir(), 'outright-test-'))
  #server: Composition | undefined

  get dependencies(): CoreDependencies {
    return this.#running.dependencies
  }

  get core(): Core {
    return this.#running.core
  }

  get store(): Store {
    return this.#running.store
  }

  async start(): Promise<void> {
    const config = await loadConfig(
      {},
      {
        demo: true,
        dataDir: this.#folder,
        port: 0,
        durability: 'off',
        passwordCost: { memoryKiB: 8, passes: 1 },
      },
    )
    this.#server = await compose(config, {
      clock: this.clock,
      random: systemRandom(),
      log: silentLog,
      otpSender: { send: () => Promise.resolve() },
    })
  }

  async restart(downMs = 0): Promise<void> {
    await this.#running.close()
    this.clock.forget()
    this.clock.leap(downMs)
    await this.start()
  }

  async pass(ms: number, leapMs = 600_000): Promise<void> {
    for (let left = ms; left > 0; left -= leapMs) {
      this.clock.leap(Math.min(left, leapMs))
      // What the timers have begun on the threads of the store is done then.
      await this.store.ready()
      await new Promise(setImmediate)
    }
  }

  async close(): Promise<void> {
    await this.#running.close()
    rmSync(this.#folder, { recursive: true })
  }

  get #running(): Composition {
    if (this.#server === undefined) throw new Error('the server is not started')
    return this.#server
  }
}
