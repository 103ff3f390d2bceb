import type { Action } from './judge.ts'
import { Opening } from './opening.ts'
import {
  accepted,
  headersFor,
  judgeError,
  judgeStatus,
  type Probe,
  type ProbeOptions,
  type Settled,
} from './probe.ts'

/** What arrives faster is recorded as one, so that a round of a fast stream fits in memory. */
const RECORDED_EVERY_MS = 1

/**
 * One answer that stays open, such as Server-Sent Events. Everything that arrives on it is an
 * accepted action. When it ends it is asked for again, as browsers do, which tells a stream that
 * was logged out from one that broke off.
 */
export function streamProbe(options: ProbeOptions): Probe {
  return new StreamProbe(options)
}

class StreamProbe implements Probe {
  readonly #options: ProbeOptions
  readonly #actions: Action[] = []
  readonly #gone = new AbortController()
  #isOpen = false
  readonly #opening = new Opening(() => this.#ask())
  #stopTicking = (): void => undefined

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#stopTicking = await this.#opening.begin(this.#options, () => {
      if (!this.#isOpen) void this.#opening.attempt()
    })
  }

  async stop(): Promise<readonly Action[]> {
    this.#stopTicking()
    // Why it ended is known once it was asked for again.
    const hasEnded = this.#actions.at(-1)?.outcome === 'closed'
    if (this.#opening.isUnderWay || hasEnded) await this.#opening.attempt()
    // More could have come.
    if (this.#isOpen) this.#record(this.#options.clock.monotonicMs(), accepted)
    this.#isOpen = false
    this.#gone.abort()
    return [...this.#actions]
  }

  /** Never rejects. */
  async #ask(): Promise<Settled> {
    const { path, clock, timeoutMs } = this.#options
    const atMs = clock.monotonicMs()
    const late = new AbortController()
    const cancel = clock.after(timeoutMs, () => {
      late.abort(new DOMException('no answer in time', 'TimeoutError'))
    })
    let settled: Settled
    try {
      const response = await fetch(path.url, {
        headers: { ...headersFor(this.#options), accept: 'text/event-stream, */*' },
        redirect: 'manual',
        signal: AbortSignal.any([late.signal, this.#gone.signal]),
      })
      settled = judgeStatus(response.status, path)
      if (settled.outcome === 'accepted') void this.#follow(response)
      else await response.body?.cancel()
    } catch (error) {
      settled = judgeError(error)
    } finally {
      cancel()
    }
    this.#record(atMs, settled)
    return settled
  }

  /** Never rejects. */
  async #follow({ body }: Response): Promise<void> {
    this.#isOpen = true
    try {
      if (body !== null) for await (const _ of body) this.#recordData()
    } catch {
      // Broken off or ended in order: either way it is over, and asked for again.
    }
    this.#isOpen = false
    if (this.#gone.signal.aborted) return
    const nowMs = this.#options.clock.monotonicMs()
    this.#record(nowMs, { outcome: 'closed', why: 'the stream ended' })
  }

  #recordData(): void {
    const nowMs = this.#options.clock.monotonicMs()
    const last = this.#actions.at(-1)
    if (last?.outcome === 'accepted' && nowMs - last.atMs < RECORDED_EVERY_MS) this.#actions.pop()
    this.#record(nowMs, accepted)
  }

  #record(atMs: number, settled: Settled): void {
    this.#actions.push({ atMs, settledMs: this.#options.clock.monotonicMs(), ...settled })
  }
}
