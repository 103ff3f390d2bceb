import { sameBytes } from '../protocol/feed-bytes.ts'
import { decodeNodeFrame } from '../protocol/feed-decode.ts'
import { encodeGuardFrame } from '../protocol/feed-encode.ts'
import {
  closeCodes,
  FeedFormatError,
  feedScopes,
  feedVersion,
  type ChunkFrame,
  type EntriesFrame,
  type GuardFrame,
  type HelloFrame,
  type NodeFrame,
  type PongFrame,
  type SnapshotEndFrame,
} from '../protocol/feed.ts'
import { Replica } from '../verifier/replica.ts'
import type { GuardClock } from './clock.ts'
import type { Following } from './following.ts'
import type { GuardRules, Lease, PingTime } from './lease.ts'
import type { FeedSocket } from './transport.ts'

/** What a hello, or a frame of the snapshot, may take. */
const greetingTimeoutMs = 5000
const pingsOpen = 16
/**
 * Nodes forget ten minutes after a time that is over by all they know. Where one has forgotten what
 * is not over here by more than this, it is not believed: this guard looks for another one.
 */
const maxAheadMs = 60_000
/** Until the hello says how often. */
const firstRenewMs = 500
/** How often to ask while there is no lease. */
const hurriedRenewMs = 100
/** After so many leases without one it tries another connection: another node may be current. */
const leasesWaited = 3

/** What one connection of a guard works with and whom it tells. */
export interface FeedSessionContext {
  readonly clock: GuardClock
  readonly rules: GuardRules
  readonly lease: Lease
  readonly following: Following
  readonly instance: Uint8Array
  readonly attempt: number
  readonly name: string
  readonly software: string
  /** What the connection may take to open, in milliseconds. */
  readonly openingMs: number
  /** Entries were applied; called before they are acknowledged. */
  readonly applied: (words: Uint32Array, count: number) => void
  /** A snapshot replaced the replica; called before it is acknowledged. */
  readonly replaced: () => void
  /** A pong brought a lease; `lagMs` is how old its news may be at most. */
  readonly renewed: (lagMs: number) => void
  /** The socket could not even be closed: it is given up without it. */
  readonly lost: (code: number, reason: string) => void
}

/**
 * One connection of a guard to a node, from its opening to its end. Whatever surprises it ends it,
 * and reaches neither the socket that calls it nor the process.
 */
export class FeedSession {
  readonly #context: FeedSessionContext
  readonly #socket: FeedSocket
  #state: 'opening' | 'greeting' | 'snapshot' | 'following' | 'ended' = 'opening'
  #version: number = feedVersion
  #hello: HelloFrame | undefined
  #snapshot: Replica | undefined
  #chunks = 0
  #received = 0
  #nonce = 0
  readonly #pings = new Map<number, PingTime>()
  /** When something came last, but for the time in which this process did not run. */
  #heardMs: number
  /** When the next turn should come. */
  #dueMs: number
  /** When the last lease came, or the replica was complete. */
  #leasedMs = Infinity
  #pingedMs = -Infinity
  #cancelTimer: (() => void) | undefined

  constructor(context: FeedSessionContext, socket: FeedSocket) {
    this.#context = context
    this.#socket = socket
    this.#heardMs = context.clock.monotonicMs()
    this.#dueMs = this.#heardMs
    this.#turn()
  }

  /** Whether entries and pongs come over it. */
  get connected(): boolean {
    return this.#state === 'following'
  }

  /** @param version What both sides agreed to speak. */
  opened(version: number = feedVersion): void {
    if (this.#state !== 'opening') return
    this.#version = version
    this.#try(() => this.#start())
  }

  #start(): void {
    this.#state = 'greeting'
    this.#heardMs = this.#context.clock.monotonicMs()
    const { instance, attempt, name, software, following } = this.#context
    const { epoch, mark } = following
    this.#send({
      type: 'start',
      version: this.#version,
      instance,
      attempt,
      epoch,
      mark,
      name,
      software,
    })
    // At once, so that the lease is there as soon as the snapshot is.
    this.#ping()
  }

  frame(bytes: Uint8Array): void {
    if (this.#state === 'ended') return
    this.#heardMs = this.#context.clock.monotonicMs()
    this.#try(() => this.#take(decodeNodeFrame(bytes)))
  }

  /** Asks for a lease now rather than at the next turn; at most ten times a lease. */
  renewNow(): void {
    const waitedMs = this.#context.clock.monotonicMs() - this.#pingedMs
    const isDue = waitedMs * 10 >= (this.#hello?.leaseMs ?? 0)
    if (this.#state === 'following' && isDue) this.#try(() => this.#ping())
  }

  /** Tells the node that the guard accepts nothing any more. The lease must have been dropped. */
  release(): void {
    if (this.#state !== 'opening' && this.#state !== 'ended') {
      this.#try(() => this.#send({ type: 'release' }))
    }
    this.close(closeCodes.goingAway, 'released')
  }

  close(code: number, reason: string): void {
    if (this.#state === 'ended') return
    this.ended()
    try {
      // A reason has 123 bytes at most.
      this.#socket.close(code, reason.replaceAll(/[^ -~]/g, '?').slice(0, 100))
    } catch (error) {
      this.#context.lost(code, `${reason}; ${String(error)}`)
    }
  }

  /** The connection is gone. */
  ended(): void {
    this.#state = 'ended'
    this.#cancelTimer?.()
  }

  #try(act: () => void): void {
    try {
      act()
    } catch (error) {
      const reason = error instanceof FeedFormatError ? error.message : String(error)
      this.close(closeCodes.protocolError, reason)
    }
  }

  #take(frame: NodeFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#expect('greeting')
        return this.#greet(frame)
      case 'chunk':
        this.#expect('snapshot')
        return this.#takeChunk(frame)
      case 'snapshotEnd':
        this.#expect('snapshot')
        return this.#endSnapshot(frame)
      case 'entries':
        this.#expect('following')
        return this.#apply(frame)
      case 'pong':
        this.#expect('following')
        return this.#renew(frame)
    }
  }

  #greet(hello: HelloFrame): void {
    if (hello.version !== this.#version) {
      throw new FeedFormatError(`Cannot follow feed: version ${hello.version} is not known`)
    }
    const unknown = hello.scopes.filter((scope) => !feedScopes.includes(scope))
    if (unknown.length > 0) {
      throw new FeedFormatError(
        `Cannot follow feed: this guard cannot end by ${unknown.join(', ')}`,
      )
    }
    this.#hello = hello
    this.#context.following.greet(hello)
    this.#state = hello.snapshot ? 'snapshot' : 'following'
    this.#leasedMs = this.#context.clock.monotonicMs()
    if (hello.snapshot) this.#snapshot = new Replica()
    else if (!sameBytes(hello.epoch, this.#context.following.epoch)) {
      throw new FeedFormatError('Cannot follow feed: resumed in an epoch that is not known here')
    }
    this.#turn()
  }

  #takeChunk({ index, words, count }: ChunkFrame): void {
    if (this.#context.rules.checksMarks && index !== this.#chunks) {
      throw new FeedFormatError(`Cannot use snapshot: chunk ${index} came for ${this.#chunks}`)
    }
    this.#chunks = (this.#chunks + 1) % 0x1_0000_0000
    this.#received = (this.#received + count) % 0x1_0000_0000
    this.#snapshot?.applyWords(words, count)
  }

  #endSnapshot({ total, mark, overSeconds, position }: SnapshotEndFrame): void {
    if (total !== this.#received) {
      throw new FeedFormatError(`Cannot use snapshot: ${this.#received} entries of ${total}`)
    }
    const { clock, following, lease, rules, replaced } = this.#context
    // Its clock is wrong, or the one here: all that expires until then would be refused.
    const aheadMs = overSeconds * 1000 - clock.nowMs()
    if (aheadMs > maxAheadMs) {
      const seconds = Math.round(aheadMs / 1000)
      return this.close(
        closeCodes.goingAway,
        `tokens are over there that are good for ${String(seconds)} s by this clock`,
      )
    }
    this.#snapshot!.leaveOut(overSeconds)
    if (rules.dropsWithReplica) lease.drop()
    following.replace(this.#snapshot!, this.#hello!.epoch, mark, position)
    this.#snapshot = undefined
    this.#state = 'following'
    this.#leasedMs = this.#context.clock.monotonicMs()
    replaced()
    this.#send({ type: 'ack', mark })
    this.#turn()
  }

  #apply({ after, mark, words, count, position }: EntriesFrame): void {
    const { following, rules, applied } = this.#context
    if (rules.checksMarks && after !== following.mark) {
      throw new FeedFormatError(`Cannot apply entries: they follow ${after}, not ${following.mark}`)
    }
    following.apply(words, count, mark, position)
    applied(words, count)
    this.#send({ type: 'ack', mark })
  }

  #renew({ nonce, leaseMs, mark, overSeconds }: PongFrame): void {
    const { following, lease, rules, renewed } = this.#context
    if (rules.checksMarks && mark !== following.mark) {
      throw new FeedFormatError(`Cannot take lease: it is for ${mark}, not ${following.mark}`)
    }
    following.forgottenSeconds = overSeconds
    const ping = this.#pings.get(nonce)
    if (!ping) return
    // Answers come in order: those of older pings are lost or of no use.
    for (const older of this.#pings.keys()) if (older <= nonce) this.#pings.delete(older)
    if (leaseMs === 0) return this.#turn()
    lease.extend(ping, leaseMs)
    this.#leasedMs = this.#context.clock.monotonicMs()
    if (lease.held) renewed(lease.now().monotonicMs - ping.monotonicMs)
  }

  #ping(): void {
    this.#nonce = (this.#nonce + 1) % 0x1_0000_0000
    const sent = this.#context.lease.now()
    this.#pings.set(this.#nonce, sent)
    const oldest = this.#pings.keys().next().value
    if (this.#pings.size > pingsOpen && oldest !== undefined) this.#pings.delete(oldest)
    this.#pingedMs = sent.monotonicMs
    // Before the snapshot is complete, the mark is one of another node's, or of another run's.
    const mark = this.#state === 'following' ? this.#context.following.mark : 0
    this.#send({ type: 'ping', nonce: this.#nonce, mark })
  }

  #turn(): void {
    this.#try(() => {
      this.#tick()
    })
  }

  /** Pings when it is time, and gives up a connection over which nothing comes. */
  #tick(): void {
    if (this.#state === 'ended') return
    this.#cancelTimer?.()
    const { clock, lease } = this.#context
    const nowMs = clock.monotonicMs()
    // A process that did not run has not listened.
    const stoodMs = Math.max(0, nowMs - this.#dueMs)
    this.#heardMs += stoodMs
    this.#leasedMs += stoodMs
    if (nowMs - this.#heardMs >= this.#quietMs) return this.close(closeCodes.silent, this.#silence)
    const withoutLeaseMs = this.#state === 'following' ? nowMs - this.#leasedMs : 0
    if (withoutLeaseMs >= leasesWaited * (this.#hello?.leaseMs ?? Infinity)) {
      return this.close(closeCodes.goingAway, 'the node grants no lease')
    }
    // Without a lease it asks more often: a node that has just started may not grant one at once.
    const usualMs = this.#hello?.renewMs ?? firstRenewMs
    const hurried = this.#state === 'following' && !lease.held
    const renewMs = hurried ? Math.min(usualMs, hurriedRenewMs) : usualMs
    if (this.#state !== 'opening' && nowMs - this.#pingedMs >= renewMs) this.#ping()
    const waitedMs = Math.min(renewMs, nowMs - this.#pingedMs)
    const pingMs = this.#state === 'opening' ? firstRenewMs : Math.max(1, renewMs - waitedMs)
    const nextMs = Math.max(1, Math.min(pingMs, this.#heardMs + this.#quietMs - nowMs))
    this.#dueMs = nowMs + nextMs
    this.#cancelTimer = clock.after(nextMs, () => {
      this.#turn()
    })
  }

  /** For how long nothing may come: once it follows, a lease, so that it is found within one. */
  get #quietMs(): number {
    if (this.#state === 'opening') return this.#context.openingMs
    return this.#state === 'following' ? this.#hello!.leaseMs : greetingTimeoutMs
  }

  get #silence(): string {
    return this.#state === 'opening'
      ? `the server does not answer within ${this.#quietMs} ms`
      : 'nothing was heard'
  }

  #expect(state: 'greeting' | 'snapshot' | 'following'): void {
    if (this.#state !== state)
      throw new FeedFormatError('Cannot follow feed: a frame is out of order')
  }

  #send(frame: GuardFrame): void {
    this.#socket.send(encodeGuardFrame(frame))
  }
}
