import type { Clock } from '../../src/ports/clock.ts'

const begin = Date.now()

/** A clock that goes on when a test says so. */
export class ManualClock implements Clock {
  readonly #settled: () => Promise<void>
  #elapsedMs = 0
  #timers: { readonly atMs: number; readonly act: () => void }[] = []

  /** @param settled Resolves when nothing is on its way. */
  constructor(settled: () => Promise<void>) {
    this.#settled = settled
  }

  nowMs(): number {
    return begin + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, act: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + delayMs, act }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass in steps, with moments between them in which messages travel. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.#elapsedMs += Math.min(left, stepMs)
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#elapsedMs)
      this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#elapsedMs)
      for (const { act } of due) act()
      await this.#settled()
    }
  }
}
