/**
 * True time for a million events a second: what is due soon lies in a heap, everything later in
 * buckets by its time, which cost nothing until their turn comes.
 */
import type { SimulatedProcess, TrueTime } from '../../src/testing/simulated-process.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
  /** In whose turn, where it is not the world's. */
  readonly at: { readonly process: SimulatedProcess } | undefined
}

const bucketMs = 0.25
/** Of 16 seconds: whatever is later waits in a list of its own. */
const buckets = 65_536

/** The same promise as `SimulatedTime`: in the order of time, then of the calls. */
export class EventQueue implements TrueTime {
  #nowMs = 0
  #order = 0
  /** The bucket that the heap has taken over; later ones are still in the ring. */
  #bucket = 0
  readonly #heap: Event[] = []
  readonly #ring: Event[][] = Array.from({ length: buckets }, () => [])
  #inRing = 0
  #far: Event[] = []
  #happened = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events there were. */
  get happened(): number {
    return this.#happened
  }

  /**
   * Lets something happen after a delay.
   *
   * @param at Where: in a turn of the process that is there then.
   */
  after(delayMs: number, act: () => void, at?: Event['at']): void {
    this.#add({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, act, at })
  }

  /** Lets the next thing happen; false where it would be after `untilMs`, or there is none. */
  step(untilMs: number): boolean {
    if (this.#heap.length === 0 && !this.#advance(untilMs)) return false
    const next = this.#heap[0]!
    if (next.atMs > untilMs) return false
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#down()
    }
    this.#nowMs = next.atMs
    this.#happened++
    if (next.at) next.at.process.run(next.act)
    else next.act()
    return true
  }

  #add(event: Event): void {
    const bucket = Math.floor(event.atMs / bucketMs)
    if (bucket <= this.#bucket) {
      this.#heap.push(event)
      this.#up()
    } else if (bucket < this.#bucket + buckets) {
      this.#ring[bucket % buckets]!.push(event)
      this.#inRing++
    } else this.#far.push(event)
  }

  /** Takes the next bucket that holds something into the heap; false where that is too late. */
  #advance(untilMs: number): boolean {
    while (this.#heap.length === 0) {
      if (this.#inRing === 0 && this.#far.length === 0) return false
      if (this.#bucket * bucketMs > untilMs) return false
      this.#bucket++
      if (this.#bucket % buckets === 0) this.#takeFar()
      const place = this.#bucket % buckets
      const due = this.#ring[place]!
      if (due.length === 0) continue
      this.#ring[place] = []
      this.#inRing -= due.length
      for (const event of due) this.#add(event)
    }
    return true
  }

  #takeFar(): void {
    const far = this.#far
    this.#far = []
    for (const event of far) this.#add(event)
  }

  #up(): void {
    const heap = this.#heap
    let at = heap.length - 1
    const event = heap[at]!
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!earlier(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #down(): void {
    const heap = this.#heap
    const event = heap[0]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++
      if (!earlier(heap[child]!, event)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = event
  }
}

function earlier(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
