import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { sha256Start } from './sha256.ts'

function check(text: string): void {
  const bytes = createHash('sha256').update(text, 'utf8').digest()
  const expected = { high: bytes.readInt32BE(0), low: bytes.readInt32BE(4) }
  assert.deepEqual(sha256Start(text), expected, JSON.stringify(text.slice(0, 100)))
}

suite('sha256Start()', () => {
  test('of what the standard’s own examples are made of', () => {
    assert.deepEqual(sha256Start(''), { high: 0xe3b0_c442 | 0, low: 0x98fc_1c14 | 0 })
    assert.deepEqual(sha256Start('abc'), { high: 0xba78_16bf | 0, low: 0x8f01_cfea | 0 })
    const twoBlocks = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'
    assert.deepEqual(sha256Start(twoBlocks), { high: 0x248d_6a61, low: 0xd206_38b8 | 0 })
  })

  test('of every length around the ends of blocks, one after the other', () => {
    for (let length = 0; length <= 600; length++) {
      check('x'.repeat(length))
      check('é'.repeat(length))
    }
    check('y'.repeat(1_000_000))
  })

  test('of any text, also of halves of characters', () => {
    const unit = fc.constantFrom('grapheme', 'binary', 'binary-ascii')
    const text = unit.chain((of) => fc.string({ unit: of, maxLength: 300 }))
    const half = fc.constantFrom('\ud83d', '\udd11')
    fc.assert(
      fc.property(fc.array(fc.oneof(text, half), { maxLength: 4 }), (parts) => {
        check(parts.join(''))
      }),
      { numRuns: 2000 },
    )
  })
})
