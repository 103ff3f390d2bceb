/**
 * The guard protocol's vocabulary: frames, limits and close codes. `feed-encode.ts` and
 * `feed-decode.ts` turn frames into bytes and back; `docs/feed.md` is the same for readers of other
 * languages. Nothing here does I/O.
 *
 * A _mark_ numbers the batches of entries that one run of a node publishes, from 1, without gaps.
 * It is only meaningful together with that run's _epoch_.
 */

import { scopes } from '../domain/scope.ts'

/**
 * The versions of this protocol that are spoken here, the newest first. Both sides name theirs in
 * the list of subprotocols, and speak the highest that both know: so guards and nodes of
 * neighbouring releases work together.
 */
export const feedVersions: readonly number[] = [2]

/** The newest. */
export const feedVersion: number = Math.max(...feedVersions)

const subprotocolPrefix = 'outright.feed.v'

/** The WebSocket subprotocol that carries the frames of a version. */
export function feedSubprotocolOf(version: number): string {
  return `${subprotocolPrefix}${version}`
}

/** The version that a subprotocol carries; undefined for any other. */
export function feedVersionOf(subprotocol: string): number | undefined {
  const digits = /^outright\.feed\.v([1-9]\d{0,4})$/.exec(subprotocol)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * What two sides speak with each other.
 *
 * @returns The highest version that both know; undefined where there is none.
 */
export function commonFeedVersion(
  offered: Iterable<string>,
  known: readonly number[] = feedVersions,
): number | undefined {
  const common = [...offered]
    .map(feedVersionOf)
    .filter((version): version is number => version !== undefined && known.includes(version))
  return common.length === 0 ? undefined : Math.max(...common)
}

/** Words of an entry: upper half, lower half, forget-after second, value, kind. */
export const entryWords = 5

/**
 * What an entry says of its fingerprint, its last word. A reader that meets another kind refuses
 * the frame: it cannot know what that ends.
 */
export const entryKinds = {
  /** Revoked. Its value is 0. */
  revoked: 1,
  /** Raised to a generation: its value. */
  raised: 2,
  /** Cut off: what was issued up to the Unix second that is its value. */
  cutoff: 3,
} as const

/** The names of the scopes by which something can end here: a hello says those of its node. */
export const feedScopes: readonly string[] = scopes

/** Prefix of the subprotocol entry that carries the credential, in base64url without padding. */
export const credentialSubprotocolPrefix = 'outright.credential.'

/** Path of the feed below the server's URL. */
export const feedPath = '/outright/v1/feed'

/** First byte of a frame. Guards send numbers from 0x41 on. */
export const frameTypes = {
  hello: 0x01,
  chunk: 0x02,
  snapshotEnd: 0x03,
  entries: 0x04,
  pong: 0x05,
  start: 0x41,
  ping: 0x42,
  ack: 0x43,
  release: 0x44,
} as const

/** What frames may hold at most. Whatever exceeds one of these is not a frame. */
export const feedLimits = {
  /** Entries in a chunk or a batch frame. */
  entries: 16_384,
  /** Streams in a position. */
  streams: 1024,
  /** UTF-8 bytes of a name. */
  nameBytes: 128,
  /** UTF-8 bytes of the list of scopes. */
  scopesBytes: 1024,
  /** UTF-8 bytes of the issuer. */
  issuerBytes: 2048,
  /** Bytes of a frame from a node: the largest batch and the largest position. */
  nodeFrameBytes: 469_016,
  /** Bytes of a frame from a guard. */
  guardFrameBytes: 512,
} as const

/** Why a node or a guard ends a connection, as WebSocket close codes (RFC 6455, section 7.4.2). */
export const closeCodes = {
  /** The peer goes away; reconnect. */
  goingAway: 1001,
  /** A frame that does not follow the format or the order of frames. */
  protocolError: 4400,
  /** The credential is missing or not known. Trying again with the same one is pointless. */
  credentialRefused: 4401,
  /** The node is not, or not any more, sure to be current. */
  notReady: 4403,
  /** The peer was silent for too long. */
  silent: 4408,
  /** The same guard opened a newer connection. */
  superseded: 4409,
  /** The guard did not keep up; it starts anew with a snapshot. */
  tooSlow: 4413,
  /** As many guards as this node takes are connected. */
  full: 4429,
} as const

/** How far a reader has come in every stream of the log. */
export type FeedPosition = ReadonlyMap<string, number>

/** Node → guard, first: who speaks, and what this connection's parameters are. */
export interface HelloFrame {
  readonly type: 'hello'
  readonly version: number
  /** True: a snapshot follows. False: the guard's mark is known here, and the tail goes on from it. */
  readonly snapshot: boolean
  /** The lease that pongs usually grant, in milliseconds. */
  readonly leaseMs: number
  /** How often the guard should ping, in milliseconds. */
  readonly renewMs: number
  /** 16 random bytes of this run of the node. */
  readonly epoch: Uint8Array
  /** `iss` of the tokens. */
  readonly issuer: string
  /** The node's name, for people. */
  readonly node: string
  /**
   * Every scope by which something may have ended there. A guard that does not know one of them
   * cannot judge tokens, and does not follow.
   */
  readonly scopes: readonly string[]
}

/** Node → guard: a piece of the snapshot. */
export interface ChunkFrame {
  readonly type: 'chunk'
  /** From 0, one more with each chunk of a snapshot, modulo 2³². */
  readonly index: number
  /** How many entries it holds, 1 to 16,384. */
  readonly count: number
  /** `entryWords` words an entry. */
  readonly words: Uint32Array
}

/** Node → guard: the snapshot is complete, and holds everything up to the mark. */
export interface SnapshotEndFrame {
  readonly type: 'snapshotEnd'
  /** Entries in all chunks together, modulo 2³². */
  readonly total: number
  readonly mark: number
  /**
   * Up to when entries were left out, Unix time in seconds: the guard takes every token that
   * expires by then as expired.
   */
  readonly overSeconds: number
  readonly position: FeedPosition
}

/** Node → guard: everything between two marks. */
export interface EntriesFrame {
  readonly type: 'entries'
  /** The mark up to which the guard must already have come: the frame before this one ended there. */
  readonly after: number
  /** The mark that the guard has reached once it has applied the entries. */
  readonly mark: number
  readonly count: number
  readonly words: Uint32Array
  /** How far the streams have come that they moved on; the others are where they were. */
  readonly position: FeedPosition
}

/** Node → guard: the answer to a ping. */
export interface PongFrame {
  readonly type: 'pong'
  readonly nonce: number
  /** How long the guard may trust its replica, counted from when it sent the ping; 0: not at all. */
  readonly leaseMs: number
  /**
   * Up to when the node has forgotten entries itself, Unix time in seconds: the guard may do so
   * too. It is not the node's wall clock, and reveals nothing about any token.
   */
  readonly overSeconds: number
  /** The guard is current if it has reached this mark. */
  readonly mark: number
}

export type NodeFrame = HelloFrame | ChunkFrame | SnapshotEndFrame | EntriesFrame | PongFrame

/** Guard → node, first: who connects and what it holds already. */
export interface StartFrame {
  readonly type: 'start'
  readonly version: number
  /** 16 random bytes of this guard object. Never shared by two. */
  readonly instance: Uint8Array
  /** Grows with every connection of the instance; a late connection with a lower one is refused. */
  readonly attempt: number
  /** The epoch of the last hello after which the guard completed a snapshot; zeros for none. */
  readonly epoch: Uint8Array
  /** The mark to which it came in that epoch. */
  readonly mark: number
  /** For people: which service this guard stands in. */
  readonly name: string
  /** For people: the guard's software and version. */
  readonly software: string
}

/** Guard → node: asks for a lease. */
export interface PingFrame {
  readonly type: 'ping'
  /** Comes back in the pong. */
  readonly nonce: number
  /** What the guard has applied on this connection, as an ack would say; 0 before it can say. */
  readonly mark: number
}

/** Guard → node: everything up to the mark is applied. */
export interface AckFrame {
  readonly type: 'ack'
  readonly mark: number
}

/** Guard → node, last: the guard has dropped its lease and accepts nothing any more. */
export interface ReleaseFrame {
  readonly type: 'release'
}

export type GuardFrame = StartFrame | PingFrame | AckFrame | ReleaseFrame

/** Bytes that are not a frame, or more than a frame may hold. */
export class FeedFormatError extends Error {
  override readonly name = 'FeedFormatError'
}
