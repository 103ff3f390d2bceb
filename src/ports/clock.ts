/** Time as a parameter, so that a simulation can own it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. For what people and tokens read. */
  nowMs(): number
  /** Never goes back; an arbitrary start. For leases, timeouts and durations. */
  monotonicMs(): number
  /** Calls back once after the delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** What time it is, as far as a node may rely on it: its wall clock may be wrong by any amount. */
export interface ReliableTime {
  /** The time by which tokens are judged: the wall clock, or the database's where that is wrong. */
  nowMs(): number
  /**
   * The time up to which an end by time reaches, whole milliseconds since 1970: as `nowMs`, and
   * where the wall clock and the database's are close to each other, the later of the two.
   */
  cutoffMs(): number
  /**
   * The latest time that it may be, as far as this node can know, whole milliseconds since 1970:
   * what must be remembered for some time is remembered from there on.
   */
  latestMs(): number
}
