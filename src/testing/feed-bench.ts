/** The hub of the feed on a clock that is moved by hand, and guards by hand. */
import type { Revocation } from '../domain/revocation.ts'
import type { FeedHub, FeedHubOptions } from '../feed/hub-types.ts'
import { createFeedHub } from '../feed/hub.ts'
import { decodeNodeFrame } from '../protocol/feed-decode.ts'
import { encodeGuardFrame } from '../protocol/feed-encode.ts'
import { type GuardFrame, type NodeFrame, feedVersion } from '../protocol/feed.ts'
import { Replica } from '../verifier/replica.ts'
import { madeRevocation } from './made-revocation.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedTime } from './simulated-time.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The epoch of a guard that has followed none. */
export const zeros: Uint8Array = new Uint8Array(16)
/** A lease of 2000 ms as the node counts it: clocks 2 % off in opposite directions, and 10 ms. */
export const countedMs: number = (2000 * 1.02) / 0.98 + 10

/** A hub on a clock that is moved by hand. */
export class Bench {
  readonly time: SimulatedTime = new SimulatedTime()
  readonly clock: SimulatedProcess
  readonly hub: FeedHub
  readonly epoch: Uint8Array = new Uint8Array(16).fill(7)
  #sequence = 0

  constructor(options: Partial<FeedHubOptions> = {}) {
    this.clock = new SimulatedProcess('node', this.time, { rate: 1, wallOffsetMs: 0 })
    const replica = new Replica(1)
    this.hub = createFeedHub({
      clock: this.clock,
      log: silent,
      node: 'node-1',
      issuer: 'https://auth.example',
      epoch: this.epoch,
      snapshot: () => replica.chunks(4096),
      overSeconds: () => replica.overSeconds,
      position: new Map(),
      predecessorLeaseMs: 0,
      ...options,
    })
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms
    this.time.after(ms, () => undefined)
    while (this.time.step(untilMs)) await new Promise(setImmediate)
  }

  revocation(): Revocation {
    return madeRevocation(++this.#sequence, 1000)
  }

  publish(): Revocation {
    const entry = this.revocation()
    this.hub.publish([entry])
    return entry
  }
}

/** A guard by hand: what it got, and what it was told at the end. */
export class Peer {
  readonly frames: NodeFrame[] = []
  bufferedBytes = 0
  closedWith: number | undefined
  readonly #events: ReturnType<FeedHub['accept']>

  /** @param guard Whose credential it has. */
  constructor(hub: FeedHub, guard?: string) {
    this.#events = hub.accept({
      ...(guard === undefined ? {} : { guard }),
      send: (bytes) => this.frames.push(decodeNodeFrame(bytes)),
      close: (code) => {
        this.closedWith = code
      },
      bufferedBytes: 0,
      address: '192.0.2.1',
    })
  }

  send(frame: GuardFrame): void {
    this.#events.frame(encodeGuardFrame(frame))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#events.frame(bytes)
  }

  start(change: Partial<Extract<GuardFrame, { type: 'start' }>> = {}): this {
    const usual = {
      version: feedVersion,
      instance: new Uint8Array(16).fill(1),
      attempt: 1,
      epoch: zeros,
    }
    this.send({ type: 'start', ...usual, mark: 0, name: 'orders', software: 'test', ...change })
    return this
  }

  /** Starts and takes a lease. */
  follow(): this {
    this.start()
    this.send({ type: 'ping', nonce: 1, mark: 0 })
    return this
  }

  disconnect(): void {
    this.#events.closed()
  }

  last<T extends NodeFrame['type']>(type: T): Extract<NodeFrame, { type: T }> | undefined {
    return this.frames.findLast(
      (frame): frame is Extract<NodeFrame, { type: T }> => frame.type === type,
    )
  }
}
