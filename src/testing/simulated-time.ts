/**
 * The simulated world: true time, which no process can read; processes with clocks of their own;
 * and a network that loses, delays and cuts. Everything happens in the order of true time, and is
 * the same for the same seed.
 */

interface Event {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
}

/** True time: a queue of what will happen. */
export class SimulatedTime {
  #nowMs = 0
  #order = 0
  readonly #heap: Event[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /**
   * Lets something happen after a delay; events of the same moment happen in the order of these
   * calls.
   */
  after(delayMs: number, act: () => void): void {
    const event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, act }
    this.#heap.push(event)
    this.#up(this.#heap.length - 1)
  }

  /** Lets the next thing happen; false where it would be after `untilMs`, or there is none. */
  step(untilMs: number): boolean {
    const next = this.#heap[0]
    if (!next || next.atMs > untilMs) return false
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#down(0)
    }
    this.#nowMs = next.atMs
    next.act()
    return true
  }

  #up(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!earlier(this.#heap[at]!, this.#heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(from: number): void {
    let at = from
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && earlier(this.#heap[child]!, this.#heap[least]!)) {
          least = child
        }
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(one: number, other: number): void {
    const kept = this.#heap[one]!
    this.#heap[one] = this.#heap[other]!
    this.#heap[other] = kept
  }
}

function earlier(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
