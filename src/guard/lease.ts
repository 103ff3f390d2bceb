import type { GuardClock } from './clock.ts'

/** When a ping left, on both clocks. */
export interface PingTime {
  readonly monotonicMs: number
  readonly wallMs: number
}

/**
 * The guard's half of the decisions on which the promise rests. `docs/lease-argument.md` refers to
 * each by its name; the simulation breaks them one by one.
 */
export interface GuardRules {
  /** G1. The lease counts from when the ping was sent, not from when the pong came. */
  readonly countsFromPing: boolean
  /**
   * G2. The lease ends as soon as either clock says so. The monotonic clock stands still while a
   * machine is suspended; the wall clock may be set back.
   */
  readonly readsBothClocks: boolean
  /** G3. Frames must continue each other, and a pong counts only where its mark has been reached. */
  readonly checksMarks: boolean
  /** G4. The lease is judged together with the replica, after everything that takes time. */
  readonly judgesLast: boolean
  /** G5. A lease is not carried over to a replica that it was not granted for. */
  readonly dropsWithReplica: boolean
  /** G6. Every guard that shares a feed is told of a batch before it is acknowledged. */
  readonly tellsAllFirst: boolean
}

export const guardRules: GuardRules = Object.freeze<GuardRules>({
  countsFromPing: true,
  readsBothClocks: true,
  checksMarks: true,
  judgesLast: true,
  dropsWithReplica: true,
  tellsAllFirst: true,
})

/**
 * How far the wall clock may fall behind the monotonic one during a lease, in milliseconds. More
 * means that it was set back, and then it cannot tell whether the machine slept meanwhile.
 */
const setBackMs = 50

/** The right to trust the replica without asking, for a few seconds. */
export class Lease {
  readonly #clock: GuardClock
  readonly #rules: GuardRules
  #from: PingTime | undefined
  #leaseMs = 0

  constructor(clock: GuardClock, rules: GuardRules) {
    this.#clock = clock
    this.#rules = rules
  }

  /**
   * A pong came: the lease runs from when its ping was sent. Pongs come in the order of their
   * pings.
   */
  extend(ping: PingTime, leaseMs: number): void {
    this.#from = this.#rules.countsFromPing ? ping : this.now()
    this.#leaseMs = leaseMs
  }

  drop(): void {
    this.#from = undefined
  }

  /**
   * How long it still lasts, in milliseconds; 0 where there is none.
   *
   * @param nowMs The wall clock, where the caller has just read it.
   */
  leftMs(nowMs: number = this.#clock.nowMs()): number {
    if (!this.#from) return 0
    const monotonicMs = this.#clock.monotonicMs() - this.#from.monotonicMs
    if (!this.#rules.readsBothClocks) return Math.max(0, this.#leaseMs - monotonicMs)
    const wallMs = nowMs - this.#from.wallMs
    if (wallMs < monotonicMs - setBackMs) return 0
    return Math.max(0, this.#leaseMs - Math.max(monotonicMs, wallMs))
  }

  /** Whether it lasts at this moment. */
  get held(): boolean {
    return this.leftMs() > 0
  }

  now(): PingTime {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() }
  }
}
