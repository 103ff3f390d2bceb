import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isUuid, lastHalf } from './uuid.ts'

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

suite('isUuid()', () => {
  test('says what the pattern says, also about what is one but for a character', () => {
    fc.assert(
      fc.property(fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7, 8] }), (uuid) => {
        assert.equal(isUuid(uuid), true)
      }),
    )
    const strange = fc.constantFrom(...Array.from('0189abcdefgAFG-_/:`@ é٣\u{1F511}\0\n'))
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.nat(36),
        strange,
        fc.boolean(),
        (uuid, at, character, isInserted) => {
          const text = uuid.slice(0, at) + character + uuid.slice(isInserted ? at : at + 1)
          assert.equal(isUuid(text), pattern.test(text), JSON.stringify(text))
        },
      ),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(isUuid(text), pattern.test(text))
      }),
    )
  })
})

suite('lastHalf()', () => {
  test('is the last 64 bits of a UUID', () => {
    for (let round = 0; round < 100; round++) {
      const uuid = randomUUID()
      const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
      const expected = { high: bytes.readInt32BE(8), low: bytes.readInt32BE(12) }
      assert.deepEqual(lastHalf(uuid), expected)
    }
  })
})
