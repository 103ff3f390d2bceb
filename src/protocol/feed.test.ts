import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decodeGuardFrame, decodeNodeFrame } from './feed-decode.ts'
import { encodeGuardFrame, encodeNodeFrame } from './feed-encode.ts'
import {
  closeCodes,
  FeedFormatError,
  feedLimits,
  type GuardFrame,
  type NodeFrame,
  commonFeedVersion,
  entryKinds,
  entryWords,
  feedSubprotocolOf,
  feedVersion,
  feedVersions,
} from './feed.ts'

type Frame = NodeFrame | GuardFrame

const guardTypes = ['start', 'ping', 'ack', 'release']

function encode(frame: Frame): Uint8Array {
  return isGuardFrame(frame) ? encodeGuardFrame(frame) : encodeNodeFrame(frame)
}

function decode(frame: Frame, bytes: Uint8Array): Frame {
  return isGuardFrame(frame) ? decodeGuardFrame(bytes) : decodeNodeFrame(bytes)
}

function isGuardFrame(frame: Frame): frame is GuardFrame {
  return guardTypes.includes(frame.type)
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** The frame that the text beside an example's bytes describes. */
function parseExample(text: string): Frame {
  const parsed = JSON.parse(text, (name, value: unknown) => {
    if (name === 'epoch' || name === 'instance') return fromHex(value as string)
    if (name === 'words') return Uint32Array.from(value as number[])
    if (name === 'position') return new Map(Object.entries(value as Record<string, number>))
    return value
  }) as Frame
  return parsed
}

const document = readFileSync(new URL('../../docs/feed.md', import.meta.url), 'utf8')

suite('docs/feed.md', () => {
  const examples = [...document.matchAll(/```frame\n(\{.*\})\n([\s\S]*?)```/g)]

  test('shows every frame', () => {
    const shown = examples.map(([, text]) => parseExample(text ?? '').type)
    const all = ['hello', 'chunk', 'snapshotEnd', 'entries', 'pong', ...guardTypes]
    assert.deepEqual(shown, all)
  })

  for (const [, text = '', hex = ''] of examples) {
    const frame = parseExample(text)
    test(`has the bytes of ${frame.type}`, () => {
      const bytes = fromHex(hex.replaceAll(/\s/g, ''))
      assert.deepEqual(encode(frame), bytes)
      assert.deepEqual(decode(frame, bytes), frame)
    })
  }

  test('states the limits as they are', () => {
    for (const limit of Object.values(feedLimits)) {
      assert.ok(document.includes(`| ${limit.toLocaleString('en')} |`), String(limit))
    }
    const { entries, streams, nameBytes, nodeFrameBytes } = feedLimits
    assert.equal(nodeFrameBytes, 24 + entries * entryWords * 4 + streams * (2 + nameBytes + 8))
  })

  test('lists every close code', () => {
    for (const code of Object.values(closeCodes)) assert.ok(document.includes(`| ${code} |`))
  })
})

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const u64 = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const name = fc.string({ unit: 'grapheme', maxLength: 30 }).filter(fits)
const position = fc
  .dictionary(name, u64, { maxKeys: 5 })
  .map((entries) => new Map(Object.entries(entries)))
const value = fc.integer({ min: 1, max: 0xffff_ffff })
const entry = fc.oneof(
  fc.tuple(u32, u32, u32, fc.constant(0), fc.constant(entryKinds.revoked)),
  fc.tuple(u32, u32, u32, value, fc.constantFrom(entryKinds.raised, entryKinds.cutoff)),
)
const words = fc.array(entry, { maxLength: 20 }).map((entries) => Uint32Array.from(entries.flat()))

function fits(text: string): boolean {
  return text.isWellFormed() && new TextEncoder().encode(text).length <= feedLimits.nameBytes
}

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.nat(255),
    snapshot: fc.boolean(),
    leaseMs: u32,
    renewMs: u32,
    epoch: id,
    issuer: name,
    node: name,
    scopes: fc.array(fc.stringMatching(/^[a-z_]{1,12}$/), { minLength: 1, maxLength: 5 }),
  }),
  fc
    .record({ type: fc.constant('chunk' as const), index: u32, words })
    .map((frame) => ({ ...frame, count: frame.words.length / entryWords })),
  fc.record({
    type: fc.constant('snapshotEnd' as const),
    total: u32,
    mark: u64,
    overSeconds: u32,
    position,
  }),
  fc
    .record({
      type: fc.constant('entries' as const),
      marks: fc.uniqueArray(u64, { minLength: 2, maxLength: 2 }),
      words,
      position,
    })
    .map(({ marks, ...frame }) => ({
      ...frame,
      after: Math.min(...marks),
      mark: Math.max(...marks),
      count: frame.words.length / entryWords,
    })),
  fc.record({
    type: fc.constant('pong' as const),
    nonce: u32,
    leaseMs: u32,
    overSeconds: u32,
    mark: u64,
  }),
  fc.record({
    type: fc.constant('start' as const),
    version: fc.nat(255),
    instance: id,
    attempt: u32,
    epoch: id,
    mark: u64,
    name,
    software: name,
  }),
  fc.record({ type: fc.constant('ping' as const), nonce: u32, mark: u64 }),
  fc.record({ type: fc.constant('ack' as const), mark: u64 }),
  fc.constant({ type: 'release' as const }),
)

suite('feed frames', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(frames, fc.nat(3), (record, shift) => {
        // Records of fast-check have no prototype, which is a difference to `deepEqual`.
        const frame = { ...record }
        const bytes = encode(frame)
        // At every alignment: sockets hand out views into larger buffers.
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift)
        shifted.set(bytes)
        assert.deepEqual(decode(frame, shifted), frame)
        // And Node's buffers are not quite byte arrays.
        const pooled = Buffer.concat([shifted.subarray(0, 0), bytes])
        assert.deepEqual(decode(frame, pooled), frame)
        assert.deepEqual(decode(frame, Buffer.from(shifted.buffer, shift)), frame)
      }),
    )
  })

  test('are refused when they are cut, lengthened or of the other side', () => {
    fc.assert(
      fc.property(frames, fc.nat(), (frame, cut) => {
        const bytes = encode(frame)
        const shorter = bytes.subarray(0, cut % bytes.length)
        assert.throws(() => decode(frame, shorter), FeedFormatError)
        assert.throws(() => decode(frame, Uint8Array.of(...bytes, 0)), FeedFormatError)
        const other = isGuardFrame(frame) ? decodeNodeFrame : decodeGuardFrame
        assert.throws(() => other(bytes), FeedFormatError)
      }),
    )
  })

  test('never make the decoder fail in another way, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(1, 2, 3, 4, 5, 0x41, 0x42, 0x43, 0x44),
        (bytes, type) => {
          if (bytes.length > 0) bytes[0] = type
          for (const decoder of [decodeNodeFrame, decodeGuardFrame]) {
            try {
              decoder(bytes)
            } catch (error) {
              assert.ok(error instanceof FeedFormatError, String(error))
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('are refused over their limits', () => {
    const many = feedLimits.entries + 1
    const large = new Uint32Array(many * entryWords)
    assert.throws(
      () => encodeNodeFrame({ type: 'chunk', index: 0, count: many, words: large }),
      /over 16384/,
    )
    assert.throws(
      () => decodeNodeFrame(new Uint8Array(feedLimits.nodeFrameBytes + 1)),
      FeedFormatError,
    )
    assert.throws(
      () => decodeGuardFrame(new Uint8Array(feedLimits.guardFrameBytes + 1)),
      FeedFormatError,
    )
    const start = {
      type: 'start',
      version: feedVersion,
      attempt: 1,
      mark: 0,
      software: '',
    } as const
    const zeros = new Uint8Array(16)
    assert.throws(
      () => encodeGuardFrame({ ...start, instance: zeros, epoch: zeros, name: 'x'.repeat(129) }),
      /129 bytes, over 128/,
    )
  })

  test('are refused where marks go backwards, flags are unknown or a stream comes twice', () => {
    const entries = encodeNodeFrame({
      type: 'entries',
      after: 4,
      mark: 5,
      count: 0,
      words: new Uint32Array(0),
      position: new Map([
        ['a', 1],
        ['b', 2],
      ]),
    })
    const backwards = entries.slice()
    backwards[8] = 5
    assert.throws(() => decodeNodeFrame(backwards), /go backwards/)
    const twice = entries.slice()
    twice[twice.indexOf(0x62)] = 0x61
    assert.throws(() => decodeNodeFrame(twice), /stream twice/)
    const reserved = entries.slice()
    reserved[1] = 1
    assert.throws(() => decodeNodeFrame(reserved), /reserved/)
    const huge = entries.slice()
    huge[22] = 0x20
    assert.throws(() => decodeNodeFrame(huge), /2\^53/)
  })

  test('are refused where an entry is of a kind that this version does not know', () => {
    const chunk = (...words: number[]) =>
      encodeNodeFrame({ type: 'chunk', index: 0, count: 1, words: Uint32Array.from(words) })
    const good = [
      [0, entryKinds.revoked],
      [1, entryKinds.raised],
      [1, entryKinds.cutoff],
    ] as const
    for (const [number, kind] of good) decodeNodeFrame(chunk(7, 7, 7, number, kind))
    for (const kind of [0, 4, 0x101, 0xffff_ffff]) {
      assert.throws(() => decodeNodeFrame(chunk(7, 7, 7, 1, kind)), /no kind of entry/)
    }
    for (const [number, kind] of good) {
      assert.throws(() => decodeNodeFrame(chunk(7, 7, 7, 1 - number, kind)), FeedFormatError)
    }
  })
})

suite('versions of the feed', () => {
  for (const version of feedVersions) {
    test(`the bytes of version ${version} are read and written as when it was released`, () => {
      // Kept as they were: never written anew.
      const url = new URL(`../../test/fixtures/feed-v${version}.json`, import.meta.url)
      const kept = JSON.parse(readFileSync(url, 'utf8')) as readonly {
        frame: object
        hex: string
      }[]
      assert.ok(kept.length > 0)
      for (const { frame, hex } of kept) {
        const expected = parseExample(JSON.stringify(frame))
        assert.deepEqual(decode(expected, fromHex(hex)), expected)
        assert.deepEqual(encode(expected), fromHex(hex))
      }
    })
  }

  const offer = (...versions: number[]) => versions.map(feedSubprotocolOf)

  test('both sides speak the highest that both know', () => {
    assert.equal(commonFeedVersion(offer(2)), 2)
    assert.equal(commonFeedVersion(offer(9, 2)), 2)
    assert.equal(commonFeedVersion(offer(2, 9), [9, 3, 2]), 9)
    assert.equal(commonFeedVersion(offer(3, 2), [9, 3, 2]), 3)
    assert.equal(commonFeedVersion(['outright.credential.eA', ...offer(2)]), 2)
  })

  test('there is none where neither knows one of the other', () => {
    assert.equal(commonFeedVersion(offer(9)), undefined)
    assert.equal(commonFeedVersion([]), undefined)
    for (const odd of ['outright.feed.v', 'outright.feed.v02', 'outright.feed.v2x', 'feed.v2']) {
      assert.equal(commonFeedVersion([odd]), undefined, odd)
    }
  })
})
