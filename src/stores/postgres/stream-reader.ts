/** Reads what other nodes have written, in the order of each stream, soon after they have. */
import type { Position, Revocation } from '../../domain/revocation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { LogStore } from '../../ports/store.ts'
import { reasonOf } from './reasons.ts'

export interface StreamReaderOptions {
  readonly source: Pick<LogStore, 'head' | 'readStream'>
  /** The stream of this node, whose entries are delivered by its writer. */
  readonly own: string
  readonly clock: Clock
  readonly log: Log | undefined
  /** How often it looks without being told, milliseconds. */
  readonly pollEveryMs: number
  readonly onEntries: (entries: readonly Revocation[]) => void
  /**
   * Called once where entries were cut that it has not read. It reads no more then: what they ended
   * may be over or not, depending on the clock, and only a restart reads all that counts.
   */
  readonly onCut: () => void
}

/** How many entries of a stream are read at once. */
const CHUNK = 2_000

/** How many streams are read at once. */
const STREAMS = 16

export class StreamReader {
  readonly #options: StreamReaderOptions
  readonly #position = new Map<string, number>()
  #looking: Promise<void> | undefined
  #lookAgain = false
  #closed = false
  #stopTimer: (() => void) | undefined

  constructor(options: StreamReaderOptions) {
    this.#options = options
  }

  /**
   * @param position Behind which it begins: what is before is read by the code that fills a
   *   replica.
   */
  open(position: Position): void {
    for (const [stream, head] of position) this.#position.set(stream, head)
    this.#schedule()
  }

  /** Looks for news now, or again after the look that is under way. */
  look(): void {
    if (this.#closed) return
    if (this.#looking !== undefined) {
      this.#lookAgain = true
      return
    }
    this.#looking = this.#read()
      .catch((error: unknown) => {
        if (this.#closed) return
        this.#options.log?.warn(
          { reason: reasonOf(error) },
          'Cannot read the streams of other nodes',
        )
      })
      .finally(() => {
        this.#looking = undefined
        if (!this.#lookAgain) return
        this.#lookAgain = false
        this.look()
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopTimer?.()
    await this.#looking
  }

  async #read(): Promise<void> {
    const { source, own } = this.#options
    const news = [...(await source.head())].filter(
      ([stream, head]) => stream !== own && (this.#position.get(stream) ?? 0) < head,
    )
    // Together: a database that is far away answers many in the time of one.
    for (let from = 0; from < news.length; from += STREAMS) {
      const some = news.slice(from, from + STREAMS)
      await Promise.all(some.map(([stream, head]) => this.#readStream(stream, head)))
    }
  }

  async #readStream(stream: string, head: number): Promise<void> {
    const { source, onEntries, onCut } = this.#options
    let position = this.#position.get(stream) ?? 0
    while (position < head && !this.#closed) {
      const entries = await source.readStream(stream, position, CHUNK)
      const last = entries.at(-1)
      if (last === undefined) break
      if (last.sequence - position !== entries.length) {
        this.#closed = true
        onCut()
        return
      }
      position = last.sequence
      this.#position.set(stream, position)
      onEntries(entries)
    }
  }

  #schedule(): void {
    if (this.#closed) return
    const { clock, pollEveryMs } = this.#options
    this.#stopTimer = clock.after(pollEveryMs, () => {
      this.look()
      this.#schedule()
    })
  }
}
