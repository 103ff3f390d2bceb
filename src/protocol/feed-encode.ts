/** Frames of the guard protocol to bytes. The layout of each is in `docs/feed.md`. */
import { FrameWriter, textBytes } from './feed-bytes.ts'
import {
  entryWords,
  FeedFormatError,
  feedLimits,
  frameTypes,
  type FeedPosition,
  type GuardFrame,
  type NodeFrame,
} from './feed.ts'

/**
 * Encodes a frame from a node.
 *
 * @throws {FeedFormatError} If it holds more than `feedLimits` allows.
 */
export function encodeNodeFrame(frame: NodeFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'hello': {
      const issuer = textBytes(frame.issuer, feedLimits.issuerBytes, 'issuer')
      const node = textBytes(frame.node, feedLimits.nameBytes, 'node')
      const scopes = textBytes(frame.scopes.join(' '), feedLimits.scopesBytes, 'scopes')
      return new FrameWriter(28 + 2 + issuer.length + 2 + node.length + 2 + scopes.length)
        .u8(frameTypes.hello)
        .u8(frame.version)
        .u16(frame.snapshot ? 1 : 0)
        .u32(frame.leaseMs)
        .u32(frame.renewMs)
        .raw(identifier(frame.epoch))
        .text(issuer)
        .text(node)
        .text(scopes).bytes
    }
    case 'chunk':
      return new FrameWriter(12 + frame.count * entryWords * 4)
        .u32(frameTypes.chunk)
        .u32(frame.index)
        .u32(countOf(frame.count))
        .words(frame.words.subarray(0, frame.count * entryWords)).bytes
    case 'snapshotEnd': {
      const streams = positionBytes(frame.position)
      return writePosition(
        new FrameWriter(20 + streams.length)
          .u8(frameTypes.snapshotEnd)
          .u8(0)
          .u16(streams.entries.length)
          .u32(frame.total)
          .u64(frame.mark)
          .u32(frame.overSeconds),
        streams,
      )
    }
    case 'entries': {
      const streams = positionBytes(frame.position)
      return writePosition(
        new FrameWriter(24 + frame.count * entryWords * 4 + streams.length)
          .u8(frameTypes.entries)
          .u8(0)
          .u16(streams.entries.length)
          .u32(countOf(frame.count))
          .u64(frame.after)
          .u64(frame.mark)
          .words(frame.words.subarray(0, frame.count * entryWords)),
        streams,
      )
    }
    case 'pong':
      return new FrameWriter(24)
        .u32(frameTypes.pong)
        .u32(frame.nonce)
        .u32(frame.leaseMs)
        .u32(frame.overSeconds)
        .u64(frame.mark).bytes
  }
}

/**
 * Encodes a frame from a guard.
 *
 * @throws {FeedFormatError} If it holds more than `feedLimits` allows.
 */
export function encodeGuardFrame(frame: GuardFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'start': {
      const name = textBytes(frame.name, feedLimits.nameBytes, 'name')
      const software = textBytes(frame.software, feedLimits.nameBytes, 'software')
      return new FrameWriter(48 + 2 + name.length + 2 + software.length)
        .u8(frameTypes.start)
        .u8(frame.version)
        .u16(0)
        .u32(frame.attempt)
        .raw(identifier(frame.instance))
        .raw(identifier(frame.epoch))
        .u64(frame.mark)
        .text(name)
        .text(software).bytes
    }
    case 'ping':
      return new FrameWriter(16).u32(frameTypes.ping).u32(frame.nonce).u64(frame.mark).bytes
    case 'ack':
      return new FrameWriter(16).u32(frameTypes.ack).u32(0).u64(frame.mark).bytes
    case 'release':
      return new FrameWriter(4).u32(frameTypes.release).bytes
  }
}

interface EncodedPosition {
  readonly entries: readonly { readonly name: Uint8Array; readonly sequence: number }[]
  readonly length: number
}

function positionBytes(position: FeedPosition): EncodedPosition {
  if (position.size > feedLimits.streams) {
    throw new FeedFormatError(`Cannot encode position: ${position.size} streams`)
  }
  const entries = Array.from(position, ([stream, sequence]) => ({
    name: textBytes(stream, feedLimits.nameBytes, 'stream'),
    sequence,
  }))
  return { entries, length: entries.reduce((sum, { name }) => sum + 2 + name.length + 8, 0) }
}

function writePosition(writer: FrameWriter, position: EncodedPosition): Uint8Array<ArrayBuffer> {
  for (const { name, sequence } of position.entries) writer.text(name).u64(sequence)
  return writer.bytes
}

function countOf(count: number): number {
  if (count <= feedLimits.entries) return count
  throw new FeedFormatError(`Cannot encode ${count} entries: over ${feedLimits.entries}`)
}

function identifier(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes
  throw new FeedFormatError(`Cannot encode identifier: ${bytes.length} bytes, not 16`)
}
