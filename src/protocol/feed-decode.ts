/** Bytes of the guard protocol to frames. Everything is checked: lengths, limits, reserved bytes. */
import { FrameReader } from './feed-bytes.ts'
import {
  entryKinds,
  entryWords,
  FeedFormatError,
  feedLimits,
  frameTypes,
  type FeedPosition,
  type GuardFrame,
  type NodeFrame,
} from './feed.ts'

/**
 * Decodes a frame from a node. Words may be a view of `bytes`, which must not change afterwards.
 *
 * @throws {FeedFormatError} If the bytes are not exactly one frame within `feedLimits`.
 */
export function decodeNodeFrame(bytes: Uint8Array): NodeFrame {
  if (bytes.length > feedLimits.nodeFrameBytes) throw tooLong(bytes)
  const reader = new FrameReader(bytes)
  const frame = readNodeFrame(reader, reader.u8())
  reader.end()
  return frame
}

/**
 * Decodes a frame from a guard.
 *
 * @throws {FeedFormatError} If the bytes are not exactly one frame within `feedLimits`.
 */
export function decodeGuardFrame(bytes: Uint8Array): GuardFrame {
  if (bytes.length > feedLimits.guardFrameBytes) throw tooLong(bytes)
  const reader = new FrameReader(bytes)
  const frame = readGuardFrame(reader, reader.u8())
  reader.end()
  return frame
}

function readNodeFrame(reader: FrameReader, type: number): NodeFrame {
  switch (type) {
    case frameTypes.hello:
      return {
        type: 'hello',
        version: reader.u8(),
        snapshot: flag(reader.u16()),
        leaseMs: reader.u32(),
        renewMs: reader.u32(),
        epoch: reader.raw(16),
        issuer: reader.text(feedLimits.issuerBytes),
        node: reader.text(feedLimits.nameBytes),
        scopes: reader.text(feedLimits.scopesBytes).split(' '),
      }
    case frameTypes.chunk: {
      reader.zeros(3)
      const index = reader.u32()
      const count = countOf(reader.u32())
      return { type: 'chunk', index, count, words: readEntries(reader, count) }
    }
    case frameTypes.snapshotEnd: {
      reader.zeros(1)
      const streams = streamsOf(reader.u16())
      const total = reader.u32()
      const mark = reader.u64()
      const overSeconds = reader.u32()
      const position = readPosition(reader, streams)
      return { type: 'snapshotEnd', total, mark, overSeconds, position }
    }
    case frameTypes.entries: {
      reader.zeros(1)
      const streams = streamsOf(reader.u16())
      const count = countOf(reader.u32())
      const after = reader.u64()
      const mark = reader.u64()
      if (mark <= after) throw new FeedFormatError('Cannot decode frame: its marks go backwards')
      const words = readEntries(reader, count)
      return { type: 'entries', after, mark, count, words, position: readPosition(reader, streams) }
    }
    case frameTypes.pong:
      reader.zeros(3)
      return {
        type: 'pong',
        nonce: reader.u32(),
        leaseMs: reader.u32(),
        overSeconds: reader.u32(),
        mark: reader.u64(),
      }
    default:
      throw new FeedFormatError(`Cannot decode frame: type ${type} is not sent by a node`)
  }
}

function readGuardFrame(reader: FrameReader, type: number): GuardFrame {
  switch (type) {
    case frameTypes.start: {
      const version = reader.u8()
      reader.zeros(2)
      return {
        type: 'start',
        version,
        attempt: reader.u32(),
        instance: reader.raw(16),
        epoch: reader.raw(16),
        mark: reader.u64(),
        name: reader.text(feedLimits.nameBytes),
        software: reader.text(feedLimits.nameBytes),
      }
    }
    case frameTypes.ping:
      reader.zeros(3)
      return { type: 'ping', nonce: reader.u32(), mark: reader.u64() }
    case frameTypes.ack:
      reader.zeros(7)
      return { type: 'ack', mark: reader.u64() }
    case frameTypes.release:
      reader.zeros(3)
      return { type: 'release' }
    default:
      throw new FeedFormatError(`Cannot decode frame: type ${type} is not sent by a guard`)
  }
}

/** Nothing is read that is not understood: an entry may say more than that something is revoked. */
function readEntries(reader: FrameReader, count: number): Uint32Array {
  const words = reader.words(count * entryWords)
  for (let at = 0; at < words.length; at += entryWords) {
    const value = words[at + 3]!
    switch (words[at + 4]) {
      case entryKinds.revoked:
        if (value !== 0) throw new FeedFormatError('Cannot decode frame: revoked, with a value')
        break
      case entryKinds.raised:
      case entryKinds.cutoff:
        if (value === 0) throw new FeedFormatError('Cannot decode frame: raised or cut off to 0')
        break
      default:
        throw new FeedFormatError(`Cannot decode frame: no kind of entry is ${words[at + 4]}`)
    }
  }
  return words
}

function readPosition(reader: FrameReader, streams: number): FeedPosition {
  const position = new Map<string, number>()
  for (let left = streams; left > 0; left--) {
    position.set(reader.text(feedLimits.nameBytes), reader.u64())
  }
  if (position.size !== streams) throw new FeedFormatError('Cannot decode frame: a stream twice')
  return position
}

function flag(value: number): boolean {
  if (value > 1) throw new FeedFormatError('Cannot decode frame: unknown flags')
  return value === 1
}

function countOf(count: number): number {
  if (count <= feedLimits.entries) return count
  throw new FeedFormatError(`Cannot decode frame: ${count} entries`)
}

function streamsOf(streams: number): number {
  if (streams <= feedLimits.streams) return streams
  throw new FeedFormatError(`Cannot decode frame: ${streams} streams`)
}

function tooLong(bytes: Uint8Array): FeedFormatError {
  return new FeedFormatError(`Cannot decode frame: ${bytes.length} bytes`)
}
