/**
 * The node's end of a feed in the bench's own process: real frames through the guard's real
 * decoder, and no network, so that the numbers are the guard's alone.
 */
import type { ConnectFeed, FeedSocketEvents } from '../../src/guard/index.ts'
import { decodeGuardFrame } from '../../src/protocol/feed-decode.ts'
import { encodeNodeFrame } from '../../src/protocol/feed-encode.ts'
import {
  feedLimits,
  entryWords,
  feedScopes,
  feedVersion,
  entryKinds,
} from '../../src/protocol/feed.ts'

export const ISSUER = 'https://auth.example'

const LEASE_MS = 2000
const RENEW_MS = 500
const POSITION = new Map([['bench', 1]])
const FORGET_AFTER_SECONDS = 4_000_000_000
const ENTRY_WORDS = entryWords
const EPOCH = new Uint8Array(16).fill(7)
const random = new Uint32Array(16_384)

export class BenchFeed {
  readonly #snapshotEntries: number
  #events: FeedSocketEvents | undefined
  #mark = 1
  /** How long the guard took over the snapshot, frame by frame; making the frames is left out. */
  snapshotMs = 0

  constructor(snapshotEntries: number) {
    this.#snapshotEntries = snapshotEntries
  }

  readonly connect: ConnectFeed = (_target, events) => {
    this.#events = events
    let open = true
    setImmediate(events.opened)
    return {
      send: (bytes) => {
        const frame = decodeGuardFrame(bytes)
        const resumes = frame.type === 'start' && Buffer.compare(frame.epoch, EPOCH) === 0
        setImmediate(() => {
          if (!open) return
          if (frame.type === 'start') this.#greet(!resumes)
          if (frame.type === 'ping') this.#pong(frame.nonce)
        })
      },
      // The guard gives up a connection over which it heard nothing, while tokens were signed, say.
      close: (code, reason) => {
        open = false
        events.closed(code, reason)
      },
    }
  }

  /** Publishes as many random revocations, in one batch. */
  publish(count: number): void {
    this.publishEntries(randomEntries(count))
  }

  /** Publishes entries in one batch, four words each. */
  publishEntries(words: Uint32Array<ArrayBuffer>): void {
    const after = this.#mark++
    const count = words.length / ENTRY_WORDS
    const frame = encodeNodeFrame({
      type: 'entries',
      after,
      mark: this.#mark,
      count,
      words,
      position: POSITION,
    })
    this.#events?.frame(frame)
  }

  #greet(snapshot: boolean): void {
    const give = (frame: Uint8Array): void => {
      const startedMs = performance.now()
      this.#events?.frame(frame)
      this.snapshotMs += performance.now() - startedMs
    }
    give(
      encodeNodeFrame({
        type: 'hello',
        version: feedVersion,
        snapshot,
        leaseMs: LEASE_MS,
        renewMs: RENEW_MS,
        epoch: EPOCH,
        issuer: ISSUER,
        node: 'bench',
        scopes: feedScopes,
      }),
    )
    if (!snapshot) return
    let index = 0
    let left = this.#snapshotEntries
    for (; left > 0; left -= feedLimits.entries) {
      const count = Math.min(left, feedLimits.entries)
      give(encodeNodeFrame({ type: 'chunk', index, count, words: randomEntries(count) }))
      index++
    }
    const total = this.#snapshotEntries
    const end = { type: 'snapshotEnd', total, mark: this.#mark, overSeconds: 0 } as const
    give(encodeNodeFrame({ ...end, position: POSITION }))
  }

  #pong(nonce: number): void {
    const pong = { type: 'pong', nonce, leaseMs: LEASE_MS, overSeconds: 0 } as const
    this.#events?.frame(encodeNodeFrame({ ...pong, mark: this.#mark }))
  }
}

/** Entries for sessions that do not exist, as a node would send them. */
function randomEntries(count: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count * ENTRY_WORDS)
  for (let at = 0; at < words.length; at += random.length) {
    const piece = words.subarray(at, at + random.length)
    crypto.getRandomValues(random)
    piece.set(random.subarray(0, piece.length))
  }
  for (let at = 0; at < words.length; at += ENTRY_WORDS) {
    // The random half of a UUID begins with the bits 10.
    words[at] = ((words[at]! & 0x3fff_ffff) | 0x8000_0000) >>> 0
    words[at + 2] = FORGET_AFTER_SECONDS
    words[at + 3] = 0
    words[at + 4] = entryKinds.revoked
  }
  return words
}
