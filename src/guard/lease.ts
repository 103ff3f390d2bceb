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
}

export const guardRules: GuardRules = Object.freeze<GuardRules>({
  countsFromPing: true,
  readsBothClocks: true,
  checksMarks: true,
  judgesLast: true,
  dropsWithReplica: true,
})

/** The right to trust the replica without asking, for a few seconds. */
export class Lease {
  readonly #clock: GuardClock
  readonly #rules: GuardRules
  #monotonicEndMs = -Infinity
  #wallEndMs = -Infinity

  constructor(clock: GuardClock, rules: GuardRules) {
    this.#clock = clock
    this.#rules = rules
  }

  /** A pong came: the lease runs from when its ping was sent. Never shortens it. */
  extend(ping: PingTime, leaseMs: number): void {
    const from = this.#rules.countsFromPing ? ping : this.now()
    this.#monotonicEndMs = Math.max(this.#monotonicEndMs, from.monotonicMs + leaseMs)
    // Not the later of two: after the wall clock was set back, the older one would be meaningless.
    this.#wallEndMs = from.wallMs + leaseMs
  }

  drop(): void {
    this.#monotonicEndMs = -Infinity
    this.#wallEndMs = -Infinity
  }

  /** How long it still lasts, in milliseconds; 0 where there is none. */
  leftMs(): number {
    const monotonicLeftMs = this.#monotonicEndMs - this.#clock.monotonicMs()
    if (!this.#rules.readsBothClocks) return Math.max(0, monotonicLeftMs)
    return Math.max(0, Math.min(monotonicLeftMs, this.#wallEndMs - this.#clock.nowMs()))
  }

  /** Whether it lasts at this moment. */
  get held(): boolean {
    return this.leftMs() > 0
  }

  now(): PingTime {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() }
  }
}
