/** Time as a guard needs it; the same shape as the server's own port. */
export interface GuardClock {
  /** Wall clock, milliseconds since 1970. Judges `exp` and `nbf`. */
  nowMs(): number
  /** Never goes back; an arbitrary start. Measures leases. */
  monotonicMs(): number
  /** Calls back once after the delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** Where the runtime has it, which is behind a getter: too slow for every check. */
const { performance } = globalThis

/** The runtime's clocks. */
export const runtimeClock: GuardClock = Object.freeze<GuardClock>({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => {
      clearTimeout(timer)
    }
  },
})
