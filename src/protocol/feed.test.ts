import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decodeGuardFrame, decodeNodeFrame } from './feed-decode.ts'
import { encodeGuardFrame, encodeNodeFrame } from './feed-encode.ts'
import { closeCodes, FeedFormatError, feedLimits, type GuardFrame, type NodeFrame } from './feed.ts'

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
    assert.equal(nodeFrameBytes, 24 + entries * 16 + streams * (2 + nameBytes + 8))
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
const words = fc
  .integer({ min: 0, max: 20 })
  .chain((count) => fc.uint32Array({ minLength: count * 4, maxLength: count * 4 }))

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
  }),
  fc
    .record({ type: fc.constant('chunk' as const), index: u32, words })
    .map((frame) => ({ ...frame, count: frame.words.length / 4 })),
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
      count: frame.words.length / 4,
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
    const large = new Uint32Array(many * 4)
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
    const start = { type: 'start', version: 1, attempt: 1, mark: 0, software: '' } as const
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
})
