import { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import type { SimulatedTime } from '../../../src/testing/simulated-time.ts'

/** More than clocks differ by that are right. */
const rightMs = 2000

/** How often a process that has nothing to do looks at its clocks; really, every second. */
const idleTurnMs = 3_300_000

/** A machine: its clocks, and the process that runs on it, which may be replaced. */
export class Machine {
  readonly name: string
  process: SimulatedProcess
  readonly #time: SimulatedTime
  readonly #rate: number
  readonly #usualMs: number
  #offsetMs: number

  /** @param usualMs What its wall clock differs by from the true time while it is right. */
  constructor(name: string, time: SimulatedTime, rate: number, usualMs: number) {
    this.name = name
    this.#time = time
    this.#rate = rate
    this.#usualMs = usualMs
    this.#offsetMs = usualMs
    this.process = this.#begin()
  }

  get isRight(): boolean {
    return Math.abs(this.#offsetMs) < rightMs
  }

  /** What its wall clock adds to the true time. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  /** A new process, after the last was killed. */
  restart(): SimulatedProcess {
    this.process = this.#begin()
    return this.process
  }

  /** The wall clock is set; without a difference, it is set right. */
  setClock(wrongByMs = 0): void {
    const offsetMs = this.#usualMs + wrongByMs
    this.process.setWallClock(offsetMs - this.#offsetMs)
    this.#offsetMs = offsetMs
  }

  /** SIGSTOP, and SIGCONT after a while. */
  freeze(forMs: number): void {
    const { process } = this
    if (!process.running) return
    process.stop()
    this.#time.after(forMs, () => {
      process.resume()
    })
  }

  /** It runs and has nothing to do: for a moment now and then is enough to show that. */
  idle(forMs: number): void {
    const { process } = this
    const sleepMs = Math.min(forMs, idleTurnMs)
    this.freeze(sleepMs)
    if (forMs <= sleepMs) return
    this.#time.after(sleepMs + 1, () => {
      if (process.alive) this.idle(forMs - sleepMs - 1)
    })
  }

  #begin(): SimulatedProcess {
    const clock = { rate: this.#rate, wallOffsetMs: this.#offsetMs }
    return new SimulatedProcess(this.name, this.#time, clock)
  }
}
