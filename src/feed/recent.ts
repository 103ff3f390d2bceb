import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import { entryWords, feedLimits, type FeedPosition } from '../protocol/feed.ts'

/** Entries that were published together, ready for the wire. */
interface Batch {
  readonly mark: number
  readonly publishedMs: number
  readonly count: number
  readonly words: Uint32Array
  /** The streams that it moved on: how far each is after it, and how far each was before. */
  readonly moved: FeedPosition
  readonly before: FeedPosition
}

/** Frames that several guards at the same mark share. */
const sharedFrames = 8

/**
 * The latest batches, by mark: what guards catch up with. Every batch is encoded once, however many
 * guards it goes to.
 */
export class RecentBatches {
  readonly #limit: number
  readonly #position: Map<string, number>
  #batches: Batch[] = []
  /** Marks up to this one are gone from the array. */
  #dropped = 0
  /** Batches at the front of the array that are over the limit and not yet dropped. */
  #expired = 0
  #entries = 0
  readonly #frames = new Map<string, { readonly mark: number; readonly frame: Uint8Array }>()

  /**
   * @param limit Entries kept, at least one batch.
   * @param position How far the log is at mark 0.
   */
  constructor(limit: number, position: FeedPosition) {
    this.#limit = limit
    this.#position = new Map(position)
  }

  /** The newest mark; 0 before the first batch. */
  get head(): number {
    return this.#dropped + this.#batches.length
  }

  /** How far every stream is at the newest mark. */
  get position(): FeedPosition {
    return this.#position
  }

  /**
   * Adds a batch of at most `feedLimits.entries` and returns its mark. `moved` names the streams of
   * its entries, and how far each has come with it.
   */
  append(words: Uint32Array, moved: FeedPosition, publishedMs: number): number {
    const count = words.length / entryWords
    const mark = this.head + 1
    const before = new Map<string, number>()
    for (const [stream, sequence] of moved) {
      before.set(stream, this.#position.get(stream) ?? 0)
      this.#position.set(stream, sequence)
    }
    this.#batches.push({ mark, publishedMs, count, words, moved, before })
    this.#entries += count
    this.#frames.clear()
    while (this.#entries > this.#limit && this.#expired < this.#batches.length - 1) {
      this.#entries -= this.#batches[this.#expired]!.count
      this.#expired++
    }
    // In large steps, because each moves what remains.
    if (this.#expired * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#expired)
      this.#dropped += this.#expired
      this.#expired = 0
    }
    return mark
  }

  /** Whether everything after the mark is still here. */
  reaches(mark: number): boolean {
    return mark >= this.#dropped + this.#expired && mark <= this.head
  }

  /** When the batch after this mark was published; undefined at the head or where it is gone. */
  publishedAfter(mark: number): number | undefined {
    return this.#batches[mark - this.#dropped]?.publishedMs
  }

  /**
   * When the oldest batch was published that a guard at this position does not have in full;
   * undefined where there is none. Where older batches are gone, the time of the oldest one that is
   * kept.
   */
  publishedBeyond(reached: FeedPosition): number | undefined {
    const missing = new Map<string, number>()
    for (const [stream, sequence] of this.#position) {
      const has = reached.get(stream) ?? 0
      if (has < sequence) missing.set(stream, has)
    }
    let oldestMs: number | undefined
    for (let index = this.#batches.length - 1; index >= 0 && missing.size > 0; index--) {
      const { moved, publishedMs } = this.#batches[index]!
      for (const [stream, sequence] of moved) {
        const has = missing.get(stream)
        if (has === undefined) continue
        if (sequence > has) oldestMs = publishedMs
        else missing.delete(stream)
      }
    }
    return oldestMs
  }

  /** How far the log was at a mark; undefined where it is gone. */
  positionAt(mark: number): FeedPosition | undefined {
    if (mark < this.#dropped || mark > this.head) return undefined
    const position = new Map(this.#position)
    for (let index = this.#batches.length - 1; index >= mark - this.#dropped; index--) {
      for (const [stream, sequence] of this.#batches[index]!.before) position.set(stream, sequence)
    }
    return position
  }

  /** The next frame for a guard at `mark`, and the mark it then has. Only below the head. */
  frameAfter(mark: number): { readonly mark: number; readonly frame: Uint8Array } {
    const key = String(mark)
    const shared = this.#frames.get(key)
    if (shared) return shared
    const made = this.#encode(mark)
    if (this.#frames.size < sharedFrames) this.#frames.set(key, made)
    return made
  }

  #encode(after: number): { readonly mark: number; readonly frame: Uint8Array } {
    const first = after - this.#dropped
    let end = first
    let count = 0
    while (end < this.#batches.length) {
      const next = this.#batches[end]!.count
      if (end > first && count + next > feedLimits.entries) break
      count += next
      end++
    }
    const words = new Uint32Array(count * entryWords)
    const position = new Map<string, number>()
    let at = 0
    for (let index = first; index < end; index++) {
      const batch = this.#batches[index]!
      words.set(batch.words, at)
      at += batch.words.length
      for (const [stream, sequence] of batch.moved) position.set(stream, sequence)
    }
    const { mark } = this.#batches[end - 1]!
    const frame = encodeNodeFrame({ type: 'entries', after, mark, count, words, position })
    return { mark, frame }
  }
}
