/** Server-Sent Events about one session: how many may be open, and when their readers have gone. */
import { refuse } from '../domain/failure.ts'

/** Proxies close what is silent for a minute. */
export const HEARTBEAT_MS = 15_000
export const heartbeat: Uint8Array = Buffer.from(':\n\n')

/** nginx holds back what it may buffer. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'x-accel-buffering': 'no',
} as const

export function serverEvent(name: string): Uint8Array {
  return Buffer.from(`event: ${name}\ndata: {}\n\n`)
}

/** The streams that are open, within bounds: a session must not take what is there for all. */
export class EventStreams {
  readonly #max: number
  readonly #maxPerSession: number
  readonly #bySession = new Map<string, number>()
  #count = 0

  constructor({ max, maxPerSession }: { readonly max: number; readonly maxPerSession: number }) {
    this.#max = max
    this.#maxPerSession = maxPerSession
  }

  /**
   * @param pieces What the stream sends. The signal is aborted once the reader has gone.
   * @returns The body of the answer. It keeps its place until it has ended or its reader has gone.
   * @throws {Refusal} `rate_limited`.
   */
  open(
    sid: string,
    pieces: (gone: AbortSignal) => AsyncGenerator<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const ofSession = this.#bySession.get(sid) ?? 0
    if (this.#count >= this.#max || ofSession >= this.#maxPerSession) {
      return refuse({ kind: 'rate_limited', retryAfterSeconds: 30 })
    }
    this.#count++
    this.#bySession.set(sid, ofSession + 1)
    const gone = new AbortController()
    gone.signal.addEventListener('abort', () => {
      this.#count--
      const left = (this.#bySession.get(sid) ?? 1) - 1
      if (left > 0) this.#bySession.set(sid, left)
      else this.#bySession.delete(sid)
    })
    return untilGone(pieces(gone.signal), gone)
  }
}

/**
 * Tells a generator at once that its reader has gone. By itself it would notice at its next event,
 * and never if it had not begun.
 */
function untilGone(
  pieces: AsyncGenerator<Uint8Array>,
  gone: AbortController,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const piece = await pieces.next()
          if (piece.done === true) gone.abort()
          return piece
        } catch (error) {
          gone.abort()
          throw error
        }
      },
      return() {
        gone.abort()
        return pieces.return(undefined)
      },
    }),
  }
}
