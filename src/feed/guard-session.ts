import type { Clock } from '../ports/clock.ts'
import { sameBytes } from '../protocol/feed-bytes.ts'
import { decodeGuardFrame } from '../protocol/feed-decode.ts'
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import {
  closeCodes,
  FeedFormatError,
  feedScopes,
  feedVersions,
  type GuardFrame,
  type PingFrame,
  type StartFrame,
} from '../protocol/feed.ts'
import type { ReplicaChunk } from '../verifier/replica.ts'
import type { FeedConnection } from './connection.ts'
import type { Holder, Ledger } from './ledger.ts'
import type { LeaseRules } from './lease-rules.ts'
import type { RecentBatches } from './recent.ts'
import type { RoundMember, Rounds } from './rounds.ts'
import type { FeedHubSettings } from './settings.ts'

/** What it needs of the hub. */
export interface GuardSessionContext {
  readonly settings: FeedHubSettings
  readonly rules: LeaseRules
  readonly clock: Clock
  readonly epoch: Uint8Array
  readonly issuer: string
  readonly node: string
  readonly recent: RecentBatches
  readonly ledger: Ledger
  readonly rounds: Rounds
  readonly snapshot: () => Iterable<ReplicaChunk>
  readonly overSeconds: () => number
  grantableMs(): number
  /** Makes the connection the one of its guard; undefined where a newer one is open. */
  claim(session: GuardSession, start: StartFrame): Holder | undefined
  gone(session: GuardSession): void
}

/** Pieces of a snapshot that are sent before others get their turn. */
const chunksPerTurn = 8
/** Unsent bytes above which a snapshot waits. */
const snapshotBufferBytes = 1_048_576
const snapshotWaitMs = 5
/** A guard that lags by this many lag limits starts anew. */
const lagsUntilClosed = 3

/**
 * One guard on one connection: start, snapshot or resumption, then the tail, as fast as it
 * acknowledges.
 */
export class GuardSession implements RoundMember {
  readonly connection: FeedConnection
  readonly connectedAtMs: number
  readonly #context: GuardSessionContext
  #state: 'starting' | 'snapshot' | 'following' | 'closed' = 'starting'
  #holder: Holder | undefined
  #attempt = 0
  #sentMark = 0
  #ackedMark = 0
  /** What it had before anything was sent to it as it happened. */
  #followedFrom = 0
  #heardMs: number
  #cancelTimer: (() => void) | undefined
  #closedWith: { readonly code: number; readonly reason: string } | undefined
  /** A ping that came during the snapshot, answered after it. */
  #openPing: { readonly frame: PingFrame; readonly receivedMs: number } | undefined

  constructor(context: GuardSessionContext, connection: FeedConnection) {
    this.#context = context
    this.connection = connection
    this.connectedAtMs = context.clock.nowMs()
    this.#heardMs = context.clock.monotonicMs()
    this.#watchSilence()
  }

  get holder(): Holder | undefined {
    return this.#holder
  }

  get attempt(): number {
    return this.#attempt
  }

  get ackedMark(): number {
    return this.#ackedMark
  }

  /** Why this side ended the connection; undefined where it did not. */
  get closedWith(): { readonly code: number; readonly reason: string } | undefined {
    return this.#closedWith
  }

  /** Takes a frame from the guard. */
  receive(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    const nowMs = this.#context.clock.monotonicMs()
    this.#heardMs = nowMs
    let frame: GuardFrame
    try {
      frame = decodeGuardFrame(bytes)
    } catch (error) {
      if (!(error instanceof FeedFormatError)) throw error
      return this.close(closeCodes.protocolError, error.message)
    }
    if ((frame.type === 'start') !== (this.#state === 'starting')) {
      return this.close(closeCodes.protocolError, `"${frame.type}" is out of order`)
    }
    switch (frame.type) {
      case 'start':
        return this.#start(frame)
      case 'ping':
        return this.#ping(frame, nowMs)
      case 'ack':
        return this.#acknowledge(frame.mark)
      case 'release':
        this.#context.ledger.release(this.#holder!, nowMs)
        return this.close(closeCodes.goingAway, 'released')
    }
  }

  /**
   * Something was published: sends it, unless a frame is on its way (then its acknowledgement will)
   * or it is not this guard's turn.
   */
  published(): void {
    if (this.#state !== 'following' || this.#sentMark !== this.#ackedMark) return
    if (this.#context.rounds.hasTurn(this)) this.#flush()
  }

  /** Ends the connection from this side. */
  close(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.#closedWith = { code, reason: reason.slice(0, 100) }
    this.connection.close(code, this.#closedWith.reason)
    this.ended()
  }

  /** The connection is gone, from whichever side. */
  ended(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#cancelTimer?.()
    this.#context.rounds.left(this)
    this.#context.gone(this)
  }

  #start(frame: StartFrame): void {
    const { settings, epoch, issuer, node, recent } = this.#context
    const { version } = frame
    const agreed = this.connection.version
    if (!feedVersions.includes(version) || (agreed !== undefined && agreed !== version)) {
      return this.close(closeCodes.protocolError, `version ${version} is not spoken here`)
    }
    this.#attempt = frame.attempt
    const holder = this.#context.claim(this, frame)
    if (!holder) return this.close(closeCodes.superseded, 'a newer connection is open')
    this.#holder = holder
    const known = sameBytes(frame.epoch, epoch) && recent.reaches(frame.mark)
    this.connection.send(
      encodeNodeFrame({
        type: 'hello',
        version,
        snapshot: !known,
        leaseMs: settings.leaseMs,
        renewMs: settings.renewMs,
        epoch,
        issuer,
        node,
        scopes: feedScopes,
      }),
    )
    if (!known) return this.#sendSnapshot()
    this.#follow(frame.mark)
    this.#settle(holder, frame.mark)
    this.#flush()
  }

  #sendSnapshot(): void {
    const { recent, rules, snapshot } = this.#context
    this.#state = 'snapshot'
    // Read before the first piece: what is committed meanwhile is in the tail, and perhaps here too.
    const mark = recent.head
    const pieces = snapshot()[Symbol.iterator]()
    let total = 0
    let index = 0
    const next = (): void => {
      if (this.#state !== 'snapshot' || this.#closeIfSilent()) return
      for (let left = chunksPerTurn; left > 0; left--) {
        if (this.connection.bufferedBytes > snapshotBufferBytes) break
        const piece = pieces.next()
        if (piece.done)
          return this.#endSnapshot(rules.marksSnapshotBefore ? mark : recent.head, total)
        const { count, words } = piece.value
        total = (total + count) % 0x1_0000_0000
        this.connection.send(encodeNodeFrame({ type: 'chunk', index, count, words }))
        index = (index + 1) % 0x1_0000_0000
      }
      const waitMs = this.connection.bufferedBytes > snapshotBufferBytes ? snapshotWaitMs : 0
      this.#later(waitMs, next)
    }
    next()
  }

  #endSnapshot(mark: number, total: number): void {
    const { recent } = this.#context
    const position = recent.positionAt(mark)
    if (!recent.reaches(mark) || !position) {
      return this.close(closeCodes.tooSlow, 'the snapshot took longer than the tail is kept')
    }
    // Read after the last piece: what was forgotten meanwhile may be in none.
    const overSeconds = this.#context.overSeconds()
    this.connection.send(
      encodeNodeFrame({ type: 'snapshotEnd', total, mark, overSeconds, position }),
    )
    this.#follow(mark)
    this.#flush()
    const ping = this.#openPing
    this.#openPing = undefined
    if (ping) this.#pong(ping.frame, ping.receivedMs)
  }

  #follow(mark: number): void {
    this.#state = 'following'
    this.#followedFrom = mark
    this.#sentMark = mark
    this.#ackedMark = mark
    this.#watchSilence()
  }

  #ping(frame: PingFrame, receivedMs: number): void {
    if (this.#state === 'snapshot') {
      this.#openPing = { frame, receivedMs }
      return
    }
    // Says the same as an acknowledgement that may have been lost.
    this.#acknowledge(frame.mark)
    this.#pong(frame, receivedMs)
  }

  #pong(frame: PingFrame, receivedMs: number): void {
    const { clock, ledger, rules, settings, recent } = this.#context
    if (rules.flushesBeforePong) this.#flush()
    if (this.#state !== 'following') return
    const nowMs = clock.monotonicMs()
    const oldestMs = recent.publishedAfter(this.#ackedMark)
    const lagMs = oldestMs === undefined ? 0 : nowMs - oldestMs
    if (lagMs > lagsUntilClosed * settings.lagLimitMs) {
      return this.close(closeCodes.tooSlow, 'did not acknowledge')
    }
    const leaseMs = rules.renews(lagMs, settings) ? this.#context.grantableMs() : 0
    if (leaseMs > 0) {
      ledger.grant(this.#holder!, rules.leaseEndsMs(receivedMs, leaseMs, settings), recent.head)
    }
    const overSeconds = this.#context.overSeconds()
    this.connection.send(
      encodeNodeFrame({
        type: 'pong',
        nonce: frame.nonce,
        leaseMs,
        overSeconds,
        mark: this.#sentMark,
      }),
    )
  }

  #acknowledge(mark: number): void {
    if (mark > this.#sentMark) {
      return this.close(closeCodes.protocolError, 'acknowledged what was not sent')
    }
    this.#ackedMark = Math.max(this.#ackedMark, mark)
    this.#settle(this.#holder!, mark)
    if (this.#ackedMark === this.#sentMark) this.#context.rounds.acknowledged(this)
    this.published()
  }

  /** Notes what the guard says that it has applied, and how long that took. */
  #settle(holder: Holder, mark: number): void {
    const { recent, ledger, clock } = this.#context
    const nowMs = clock.monotonicMs()
    // What came with a snapshot, or while it was away, says nothing about how quick it is.
    const from = Math.max(holder.appliedMark, this.#followedFrom)
    if (mark > from && holder.appliedMark >= 0) {
      const publishedMs = recent.publishedAfter(from)
      if (publishedMs !== undefined) holder.lagMs = nowMs - publishedMs
    }
    ledger.acknowledge(holder, mark, nowMs)
  }

  /** Sends everything that was published and not yet sent. */
  #flush(): void {
    const { recent, rules, settings, ledger, clock, rounds } = this.#context
    if (this.#sentMark < recent.head) rounds.sent(this)
    while (this.#sentMark < recent.head && this.#state === 'following') {
      if (
        this.connection.bufferedBytes > settings.bufferedBytes ||
        !recent.reaches(this.#sentMark)
      ) {
        return this.close(closeCodes.tooSlow, 'too far behind')
      }
      const { mark, frame } = recent.frameAfter(this.#sentMark)
      this.connection.send(frame)
      this.#sentMark = mark
    }
    if (!rules.waitsForAcknowledgement) {
      ledger.acknowledge(this.#holder!, this.#sentMark, clock.monotonicMs())
    }
  }

  #watchSilence(): void {
    if (this.#closeIfSilent()) return
    this.#later(Math.max(1, this.#silenceLeftMs()), () => {
      this.#watchSilence()
    })
  }

  #closeIfSilent(): boolean {
    if (this.#silenceLeftMs() > 0) return false
    this.close(closeCodes.silent, 'nothing was heard')
    return true
  }

  #silenceLeftMs(): number {
    const { clock, settings } = this.#context
    return this.#heardMs + settings.silenceMs - clock.monotonicMs()
  }

  #later(delayMs: number, callback: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#context.clock.after(delayMs, callback)
  }
}
