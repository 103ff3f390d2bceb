/** Regions, how far they are from each other, and which of them is cut off. */
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { TrueTime } from '../../src/testing/simulated-process.ts'

export interface GeographyOptions {
  readonly regions: number
  /** Milliseconds there and back within a region. */
  readonly localRttMs: number
  /** The same between each two regions: 1–2, 1–3, 2–3, 1–4, … */
  readonly rttMs: readonly number[]
}

/** A message takes up to this much longer than the half of its round trip. */
const jitter = 0.2

export class Geography {
  readonly regions: number
  readonly #options: GeographyOptions
  readonly #time: TrueTime
  readonly #random: SeededRandom
  #cut: { readonly region: number; readonly untilMs: number } | undefined

  constructor(options: GeographyOptions, time: TrueTime, random: SeededRandom) {
    this.regions = options.regions
    this.#options = options
    this.#time = time
    this.#random = random
  }

  /** Nothing gets into the region or out of it for a while; what is sent meanwhile comes late. */
  cutOff(region: number, forMs: number): void {
    this.#cut = { region, untilMs: this.#time.nowMs + forMs }
  }

  /** Whether messages between the two have to wait now. */
  isCut(one: number, other: number): boolean {
    return this.#waitMs(one, other) > 0
  }

  /** How long a message takes that leaves now. */
  delayMs(from: number, to: number): number {
    const halfMs = this.#rttMs(from, to) / 2
    return this.#waitMs(from, to) + halfMs * (1 + this.#random.fraction() * jitter)
  }

  #waitMs(one: number, other: number): number {
    const cut = this.#cut
    if (cut === undefined || one === other) return 0
    if (one !== cut.region && other !== cut.region) return 0
    return Math.max(0, cut.untilMs - this.#time.nowMs)
  }

  #rttMs(one: number, other: number): number {
    if (one === other) return this.#options.localRttMs
    const [near, far] = one < other ? [one, other] : [other, one]
    return this.#options.rttMs[(far * (far - 1)) / 2 + near] ?? 0
  }
}
