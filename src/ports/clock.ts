/** Time as a parameter, so that a simulation can own it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. For what people and tokens read. */
  nowMs(): number
  /** Never goes back; an arbitrary start. For leases, timeouts and durations. */
  monotonicMs(): number
  /** Calls back once after the delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}
