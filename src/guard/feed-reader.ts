import { closeCodes } from '../protocol/feed.ts'
import type { GuardClock } from './clock.ts'
import { FeedSession, type FeedSessionContext } from './feed-session.ts'
import type { ConnectFeed, FeedTarget } from './transport.ts'

const shortestPauseMs = 100
/** So that a server that is back is followed within a second. */
const maxPauseMs = 1000
const refusedPauseMs = 5000

/** What a connection may take to open where nothing is known of the network. */
const firstOpeningMs = 5000
const shortestOpeningMs = 1000
/** Opening takes four round trips or so: TCP, TLS, the upgrade. */
const roundTripsToOpen = 10
/** Of the connections that do not open, so many are given up early before one is waited for. */
const hastyOpenings = 3
const patientOpeningMs = 2500

export interface FeedReaderOptions {
  readonly target: FeedTarget
  readonly connect: ConnectFeed
  readonly clock: GuardClock
  /** A number from 0 up to 1: spreads the reconnects of many guards. */
  readonly random: () => number
  /** 16 random bytes that no other guard has. */
  readonly makeInstance: () => Uint8Array
  /** What every session is given; the reader adds what is of one connection. */
  readonly session: Omit<FeedSessionContext, 'instance' | 'attempt' | 'openingMs' | 'lost'>
  /** A connection ended. */
  readonly disconnected: (code: number, reason: string) => void
}

/** Follows the feed through any number of connections, one at a time, until it is closed. */
export class FeedReader {
  readonly #options: FeedReaderOptions
  #session: FeedSession | undefined
  #instance: Uint8Array | undefined
  #attempt = 0
  /** Attempts since the last lease. */
  #failures = 0
  #pauseMs = shortestPauseMs
  #roundTripMs: number | undefined
  #cancelPause: (() => void) | undefined
  #closed = false

  constructor(options: FeedReaderOptions) {
    this.#options = options
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
   */
  start(): void {
    if (this.#closed || (this.#attempt > 0 && !this.#cancelPause)) return
    this.#cancelPause?.()
    this.#reconnect()
  }

  /** The lease is needed and not there: asks for it now. */
  renewNow(): void {
    this.#session?.renewNow()
  }

  /**
   * A lease came: the next pause is short again.
   *
   * @param roundTripMs How long it took to come.
   */
  succeeded(roundTripMs: number): void {
    this.#pauseMs = shortestPauseMs
    this.#failures = 0
    this.#roundTripMs = roundTripMs
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
    const { connect, target, makeInstance, session: given } = this.#options
    this.#attempt++
    // The session is made with the socket, which may tell of its end before it is returned.
    const late: { session?: FeedSession; end?: readonly [code: number, reason: string] } = {}
    const end = (code: number, reason: string): void => {
      if (late.session) this.#ended(late.session, code, reason)
      else late.end = [code, reason]
    }
    const socket = connect(target, {
      opened: (version) => late.session?.opened(version),
      frame: (bytes) => late.session?.frame(bytes),
      closed: end,
    })
    this.#instance ??= makeInstance()
    const own = { instance: this.#instance, attempt: this.#attempt, openingMs: this.#openingMs }
    const session = new FeedSession({ ...given, ...own, lost: end }, socket)
    this.#session = session
    late.session = session
    if (late.end) this.#ended(session, ...late.end)
    // The code that opens connections may close it meanwhile.
    else if (this.#closed) session.release()
  }

  /**
   * What the next connection may take to open. Packets of one that were lost are sent anew ever
   * more slowly, so where the network is back a new one is quicker. But it may have become slow:
   * now and then one is waited for.
   */
  get #openingMs(): number {
    if (this.#roundTripMs === undefined) return firstOpeningMs
    const isPatient = this.#failures % (hastyOpenings + 1) === hastyOpenings
    const leastMs = isPatient ? patientOpeningMs : shortestOpeningMs
    return Math.min(firstOpeningMs, Math.max(leastMs, roundTripsToOpen * this.#roundTripMs))
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
    const isRefused = code === closeCodes.credentialRefused
    const maxMs = isRefused ? refusedPauseMs : this.#pauseMs
    const pauseMs = maxMs * (0.5 + this.#options.random() / 2)
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2)
    this.#failures++
    this.#cancelPause = this.#options.clock.after(pauseMs, () => {
      this.#reconnect()
    })
    // Last: the callback may close it, or want it to connect at once.
    this.#options.disconnected(code, reason)
  }

  /**
   * Another process uses this guard's instance id: the process was copied while it ran.
   * Acknowledgements of the copy count for this guard, so the lease is void from now on, and it
   * goes on as a guard that the node has never met.
   */
  #becomeAnother(): void {
    const { session, makeInstance } = this.#options
    session.lease.drop()
    session.following.startAnew()
    this.#instance = makeInstance()
  }
}
