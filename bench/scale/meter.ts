/** What is counted and timed: messages, bytes, and the real time that handling them takes. */
import { frameTypes } from '../../src/protocol/feed.ts'
import { percentile } from '../measure.ts'

/** Every so many-th message of a kind is timed: reading the clock costs as much as a small frame. */
const timedEvery = 16
const samplesKept = 10_000

/** Stands for a publication among the first bytes of frames. */
export const publishes = 0

export interface Tally {
  messages: number
  bytes: number
}

type Handler = 'node' | 'guard'

interface Timing {
  seen: number
  samples: number
  /** The latest samples: their median does not mind a machine that others use, too. */
  readonly milliseconds: number[]
}

const frameNames = new Map<number, string>(
  [...Object.entries(frameTypes), ['publication', publishes] as const].map(([name, type]) => [
    type,
    name,
  ]),
)

export class Meter {
  /** Frames of the feed by their first byte. */
  readonly #frames: Tally[] = Array.from({ length: 256 }, () => ({ messages: 0, bytes: 0 }))
  readonly #others = new Map<string, Tally>()
  readonly #timings: Readonly<Record<Handler, readonly Timing[]>> = {
    node: timings(),
    guard: timings(),
  }

  frame(bytes: Uint8Array): void {
    const tally = this.#frames[bytes[0]!]!
    tally.messages++
    tally.bytes += bytes.length
  }

  /** A message that is not a frame: a statement and its answer, or a notification. */
  message(kind: string, bytes: number): void {
    const tally = this.#others.get(kind) ?? { messages: 0, bytes: 0 }
    tally.messages++
    tally.bytes += bytes
    this.#others.set(kind, tally)
  }

  /**
   * A process begins to handle a message.
   *
   * @returns What `end` is to be told.
   */
  begin(who: Handler, type: number): number | undefined {
    const { [type]: timing } = this.#timings[who]
    return timing!.seen++ % timedEvery === 0 ? performance.now() : undefined
  }

  end(who: Handler, type: number, startMs: number | undefined): void {
    if (startMs === undefined) return
    const timing = this.#timings[who][type]!
    timing.milliseconds[timing.samples++ % samplesKept] = performance.now() - startMs
  }

  /** Messages and bytes of each kind so far. */
  tallies(): ReadonlyMap<string, Readonly<Tally>> {
    const all = new Map<string, Readonly<Tally>>()
    for (const [type, name] of frameNames) all.set(name, { ...this.#frames[type]! })
    for (const [kind, tally] of this.#others) all.set(kind, { ...tally })
    return all
  }

  /** Median of the microseconds of real time for one message, by who handled what. */
  microseconds(): ReadonlyMap<string, number> {
    const all = new Map<string, number>()
    for (const [who, kinds] of Object.entries(this.#timings)) {
      for (const [type, { samples, milliseconds }] of kinds.entries()) {
        const name = `${who} ${frameNames.get(type) ?? String(type)}`
        if (samples > 0) all.set(name, percentile(milliseconds, 50) * 1000)
      }
    }
    return all
  }
}

function timings(): readonly Timing[] {
  return Array.from({ length: 256 }, () => ({ seen: 0, samples: 0, milliseconds: [] }))
}
