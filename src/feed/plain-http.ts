/**
 * The feed for clients that cannot hold a socket: the snapshot and the log as plain HTTP bodies.
 * Both are the feed's own frames, one after another, each behind its length in 32 bits. Neither
 * grants a lease: who reads them is not waited for, and is as current as its last request.
 */
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import { entryWords, feedLimits, type FeedPosition } from '../protocol/feed.ts'
import type { Revocation } from '../domain/revocation.ts'
import { writeEntry } from '../verifier/fingerprint.ts'
import type { ReplicaChunk } from '../verifier/replica.ts'

/** The media type of both bodies. */
export const feedMediaType = 'application/vnd.outright.feed.v2'

/**
 * The body of `GET /outright/v1/snapshot`: chunks, and the end with the position from which the log
 * goes on.
 *
 * @param pieces The replica in pieces.
 * @param position How far the log was before the first piece was taken.
 * @param overSeconds Up to when entries may be missing, asked after the last piece.
 */
export function* snapshotStream(
  pieces: Iterable<ReplicaChunk>,
  position: FeedPosition,
  overSeconds: () => number,
): Generator<Uint8Array, void, undefined> {
  let total = 0
  let index = 0
  for (const { count, words } of pieces) {
    total = (total + count) % 0x1_0000_0000
    yield framed(encodeNodeFrame({ type: 'chunk', index, count, words }))
    index = (index + 1) % 0x1_0000_0000
  }
  yield framed(
    encodeNodeFrame({ type: 'snapshotEnd', total, mark: 0, overSeconds: overSeconds(), position }),
  )
}

/**
 * The body of `GET /outright/v1/log?after=…`: entries of one stream, and how far the reader then
 * is.
 *
 * @param stream The stream that was asked for.
 * @param after The sequence number that was asked for.
 * @param entries What `LogStore.readStream` gave for it, at most 16,384.
 */
export function logPage(stream: string, after: number, entries: readonly Revocation[]): Uint8Array {
  if (entries.length > feedLimits.entries) {
    throw new RangeError(`Cannot write a page of ${entries.length} entries`)
  }
  const words = new Uint32Array(entries.length * entryWords)
  for (const [index, entry] of entries.entries()) writeEntry(entry, words, index * entryWords)
  const sequence = entries.at(-1)?.sequence ?? after
  const position = new Map([[stream, sequence]])
  if (sequence === after) {
    return framed(
      encodeNodeFrame({ type: 'snapshotEnd', total: 0, mark: 0, overSeconds: 0, position }),
    )
  }
  return framed(
    encodeNodeFrame({
      type: 'entries',
      after,
      mark: sequence,
      count: entries.length,
      words,
      position,
    }),
  )
}

function framed(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + frame.length)
  new DataView(bytes.buffer).setUint32(0, frame.length, true)
  bytes.set(frame, 4)
  return bytes
}
