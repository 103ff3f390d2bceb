/** The part of a clock that reads are paced by; never the wall clock, which may be set back. */
interface Pace {
  readonly monotonicMs: () => number
  readonly after: (delayMs: number, callback: () => void) => unknown
}

/**
 * Reads that begin after they were asked for. Only such a read can say that something does not
 * exist: one that was under way before may be older than what is looked for. Calls made before the
 * next read has begun share it, and no two begin within the pause, so unknown names cannot make a
 * process ask its source more often than that.
 */
export class FreshReads {
  readonly #read: () => Promise<void>
  readonly #pace: Pace
  readonly #pauseMs: number
  #beganAtMs = -Infinity
  #next: Promise<void> | undefined

  constructor(read: () => Promise<void>, pace: Pace, pauseMs: number) {
    this.#read = read
    this.#pace = pace
    this.#pauseMs = pauseMs
  }

  /** Resolves and rejects as a read does that begins now, or at most a pause later. */
  next(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    const waitMs = this.#beganAtMs + this.#pauseMs - this.#pace.monotonicMs()
    if (waitMs <= 0) return this.begin()
    this.#next = new Promise<void>((resolve) => this.#pace.after(waitMs, resolve)).then(() => {
      this.#next = undefined
      return this.begin()
    })
    return this.#next
  }

  /** Reads at once, whenever the last read was. */
  begin(): Promise<void> {
    this.#beganAtMs = this.#pace.monotonicMs()
    return this.#read()
  }
}
