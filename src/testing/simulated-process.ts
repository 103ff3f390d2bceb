import type { Clock } from '../ports/clock.ts'

/** True time, which no process can read: `SimulatedTime`, or a queue that is made for more events. */
export interface TrueTime {
  readonly nowMs: number
  after(delayMs: number, act: () => void): void
}

/** How a process's clocks relate to true time. */
export interface ClockFaults {
  /** Milliseconds that its clocks count in a true millisecond: 1.01 is one per cent fast. */
  readonly rate: number
  /** What its wall clock adds to true time. */
  readonly wallOffsetMs: number
}

/**
 * A process: a clock, and turns that happen one after another. It can be stopped and continued,
 * suspended with its whole machine, and killed. What arrives while it does not run waits for it.
 */
export class SimulatedProcess implements Clock {
  readonly name: string
  readonly #time: TrueTime
  readonly #rate: number
  readonly #startedMs: number
  #wallOffsetMs: number
  #state: 'running' | 'stopped' | 'suspended' | 'killed' = 'running'
  #stoppedMs = 0
  /** True time that the monotonic clock did not count. */
  #suspendedMs = 0
  #waiting: (() => void)[] = []

  constructor(name: string, time: TrueTime, { rate, wallOffsetMs }: ClockFaults) {
    this.name = name
    this.#time = time
    this.#rate = rate
    this.#wallOffsetMs = wallOffsetMs
    this.#startedMs = time.nowMs
  }

  get alive(): boolean {
    return this.#state !== 'killed'
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  nowMs(): number {
    // Whole milliseconds, as every system says it.
    return Math.floor(simulatedEpochMs + this.#wallOffsetMs + this.#time.nowMs)
  }

  monotonicMs(): number {
    return (this.#time.nowMs - this.#startedMs - this.#suspendedMs) * this.#rate
  }

  after(delayMs: number, callback: () => void): () => void {
    let cancelled = false
    const dueMs = this.monotonicMs() + Math.max(0, delayMs)
    const fire = (): void => {
      if (cancelled) return
      // A timer counts what the monotonic clock counts: after a suspension it is not due yet.
      const leftMs = dueMs - this.monotonicMs()
      if (leftMs > 1e-6) this.#schedule(leftMs, fire)
      else callback()
    }
    this.#schedule(delayMs, fire)
    return () => {
      cancelled = true
    }
  }

  /** A turn of the process: now, when it continues, or never. */
  run(turn: () => void): void {
    if (this.#state === 'running') turn()
    else if (this.#state !== 'killed') this.#waiting.push(turn)
  }

  /** SIGSTOP: its turns wait, its clocks go on. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped'
  }

  /** The machine sleeps: its turns wait, its monotonic clock stops, its wall clock does not. */
  suspend(): void {
    if (this.#state !== 'running') return
    this.#state = 'suspended'
    this.#stoppedMs = this.#time.nowMs
  }

  /** SIGCONT, or the machine wakes: what waited happens at once, in the order in which it came. */
  resume(): void {
    if (this.#state === 'suspended') this.#suspendedMs += this.#time.nowMs - this.#stoppedMs
    if (this.#state !== 'stopped' && this.#state !== 'suspended') return
    this.#state = 'running'
    const waiting = this.#waiting
    this.#waiting = []
    for (const turn of waiting)
      this.#time.after(0, () => {
        this.run(turn)
      })
  }

  /** SIGKILL: nothing of it happens any more. */
  kill(): void {
    this.#state = 'killed'
    this.#waiting = []
  }

  /** Its wall clock is set. */
  setWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  #schedule(delayMs: number, callback: () => void): void {
    this.#time.after(Math.max(0, delayMs) / this.#rate + latenessMs, () => {
      this.run(callback)
    })
  }
}

/** How much later than asked for every timer fires. */
const latenessMs = 0.5

/** What true time 0 is on a correct wall clock. */
export const simulatedEpochMs = 1_790_000_000_000
