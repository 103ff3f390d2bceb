import { closeCodes } from '../protocol/feed.ts'
import type { GuardClock } from './clock.ts'
import { FeedSession, type FeedSessionContext } from './feed-session.ts'
import type { ConnectFeed, FeedTarget } from './transport.ts'

const shortestPauseMs = 100
const longestPauseMs = 5000

export interface FeedReaderOptions {
  readonly target: FeedTarget
  readonly connect: ConnectFeed
  readonly clock: GuardClock
  /** A number from 0 up to 1: spreads the reconnects of many guards. */
  readonly random: () => number
  /** 16 random bytes that no other guard has. */
  readonly makeInstance: () => Uint8Array
  /** What every session is given; the reader adds the instance and the attempt. */
  readonly session: Omit<FeedSessionContext, 'instance' | 'attempt'>
  /** A connection ended. */
  readonly disconnected: (code: number, reason: string) => void
}

/** Follows the feed through any number of connections, one at a time, until it is closed. */
export class FeedReader {
  readonly #options: FeedReaderOptions
  #session: FeedSession | undefined
  #instance: Uint8Array
  #attempt = 0
  #pauseMs = shortestPauseMs
  #cancelPause: (() => void) | undefined
  #closed = false

  constructor(options: FeedReaderOptions) {
    this.#options = options
    this.#instance = options.makeInstance()
  }

  /** How many connections it has tried. */
  get attempts(): number {
    return this.#attempt
  }

  get connected(): boolean {
    return this.#session?.connected ?? false
  }

  /**
   * Connects, also where it waits to do so after a failure. Nothing where it has a connection, or
   * makes one at this moment.
   *
   * @throws What `connect` throws, at the first attempt. Later that is a connection that failed:
   *   somebody follows the feed already.
   */
  start(): void {
    if (this.#attempt === 0) this.#connect()
    else if (this.#cancelPause) {
      this.#cancelPause()
      this.#reconnect()
    }
  }

  /** The lease is needed and not there: asks for it now. */
  hurry(): void {
    this.#session?.hurry()
  }

  /** A lease came: the next pause is short again. */
  succeeded(): void {
    this.#pauseMs = shortestPauseMs
  }

  close(): void {
    this.#closed = true
    this.#cancelPause?.()
    this.#cancelPause = undefined
    this.#session?.release()
  }

  #reconnect(): void {
    this.#cancelPause = undefined
    try {
      this.#connect()
    } catch (error) {
      this.#failed(1006, String(error))
    }
  }

  #connect(): void {
    const { connect, target, session: given } = this.#options
    this.#attempt++
    // The session is made with the socket, which may tell of its end before it is returned.
    const late: { session?: FeedSession; end?: readonly [code: number, reason: string] } = {}
    const socket = connect(target, {
      opened: () => late.session?.opened(),
      frame: (bytes) => late.session?.frame(bytes),
      closed: (code, reason) => {
        if (late.session) this.#ended(late.session, code, reason)
        else late.end = [code, reason]
      },
    })
    const session = new FeedSession(
      { ...given, instance: this.#instance, attempt: this.#attempt },
      socket,
    )
    this.#session = session
    late.session = session
    if (late.end) this.#ended(session, ...late.end)
    // Whoever opens connections may close it meanwhile.
    else if (this.#closed) session.release()
  }

  #ended(session: FeedSession, code: number, reason: string): void {
    session.ended()
    if (this.#session !== session) return
    this.#session = undefined
    this.#failed(code, reason)
  }

  /** There is no connection any more, or there was none: tries another after a pause. */
  #failed(code: number, reason: string): void {
    if (this.#closed) return
    if (code === closeCodes.superseded) this.#becomeAnother()
    // The same credential will be refused again; but it may be added at the server meanwhile.
    if (code === closeCodes.credentialRefused) this.#pauseMs = longestPauseMs
    const pauseMs = this.#pauseMs * (0.5 + this.#options.random() / 2)
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
    this.#cancelPause = this.#options.clock.after(pauseMs, () => {
      this.#reconnect()
    })
    // Last: whoever is told may close it, or want it to connect at once.
    this.#options.disconnected(code, reason)
  }

  /**
   * Somebody else goes by this guard's instance: the process was copied while it ran. What the copy
   * acknowledges is believed of this guard, so the lease is worth nothing from now on, and it goes
   * on as a guard that the node has never met.
   */
  #becomeAnother(): void {
    const { session, makeInstance } = this.#options
    session.lease.drop()
    session.following.forsake()
    this.#instance = makeInstance()
  }
}
