import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { entryWords, FingerprintTable, largestNumber, subTables } from './fingerprint-table.ts'
import { scrambleHigh, scrambleLow } from './scramble.ts'

const seed = 7

/** The fingerprint that a table with this test's seed keeps at the given place in its order. */
function fingerprintAt(sortHigh: number, sortLow: number): readonly [number, number] {
  const high = scrambleHigh(sortHigh, sortLow, seed)
  return [high, scrambleLow(high, sortLow, seed)]
}

/** All entries in the order of the table, after checking that the order is strictly ascending. */
function contents(table: FingerprintTable, most = 1000): Map<string, number> {
  const found = new Map<string, number>()
  let before = -1n
  for (const words of table.chunks(most)) {
    assert.ok(words.length <= most * entryWords)
    for (let at = 0; at < words.length; at += entryWords) {
      const [high, low] = [words[at]!, words[at + 1]!]
      const sortLow = scrambleLow(high, low, seed)
      const place = (BigInt(scrambleHigh(high, sortLow, seed)) << 32n) | BigInt(sortLow)
      assert.ok(place > before, 'entries are in ascending order')
      before = place
      found.set(`${high}:${low}`, words[at + 2]!)
    }
  }
  return found
}

function sweepAll(table: FingerprintTable, nowSeconds: number, budget: number): number {
  let dropped = 0
  for (let index = 0; index < subTables; index++) {
    let slot = 0
    do {
      dropped += table.sweep(index, slot, budget, nowSeconds)
      slot = table.resumeSlot
    } while (slot >= 0)
  }
  return dropped
}

suite('FingerprintTable', () => {
  test('scrambling is undone by itself', () => {
    for (let index = 0; index < 1000; index++) {
      const [high, low] = [Math.imul(index, 0x9e37_79b1) >>> 0, Math.imul(index, 0x85eb_ca6b) >>> 0]
      const sortLow = scrambleLow(high, low, index)
      const sortHigh = scrambleHigh(high, sortLow, index)
      assert.equal(scrambleHigh(sortHigh, sortLow, index), high)
      assert.equal(scrambleLow(high, sortLow, index), low)
    }
  })

  test('the place of all zeros is not confused with an empty slot', () => {
    const table = new FingerprintTable(1, seed)
    const [high, low] = fingerprintAt(0, 0)
    assert.equal(table.get(high, low), 0)
    assert.equal(table.merge(high, low, 5, 0), true)
    assert.equal(table.get(high, low), 5)
    assert.equal(table.merge(high, low, 5, 0), false)
    assert.equal(table.entries, 1)
  })

  for (const [where, home] of [
    ['first', 0],
    ['middle', 0x80_0000],
    ['last', 0xff_ffff],
  ] as const) {
    test(`thousands of entries that share the ${where} home slot are kept, found and dropped`, () => {
      for (const budget of [1, 7, Infinity]) {
        const table = new FingerprintTable(1, seed)
        const count = 2000
        const place = (index: number): readonly [number, number] =>
          fingerprintAt((0x4200_0000 | home) >>> 0, Math.imul(index, 0x9e37_79b1) >>> 0)
        for (let index = 0; index < count; index++)
          table.merge(...place(index), 10 + (index % 3), 0)
        assert.equal(contents(table).size, count)
        for (let index = 0; index < count; index++) {
          assert.equal(table.get(...place(index)), 10 + (index % 3))
          assert.equal(table.get(...place(index + count)), 0)
        }
        assert.equal(sweepAll(table, 11, budget), Math.ceil(count / 3))
        assert.equal(contents(table).size, table.entries)
        for (let index = 0; index < count; index++) {
          assert.equal(table.get(...place(index)), index % 3 === 0 ? 0 : 10 + (index % 3))
        }
        assert.equal(sweepAll(table, 13, budget), table.entries + (count - Math.ceil(count / 3)))
        assert.equal(table.memoryBytes(), 0)
      }
    })
  }

  test('never forgets the largest second', () => {
    const table = new FingerprintTable(1, seed)
    table.merge(1, 2, largestNumber, 0)
    assert.equal(sweepAll(table, Infinity, Infinity), 0)
    assert.equal(table.get(1, 2), largestNumber)
  })

  test('behaves like a Map over random histories in one crowded sub-table', () => {
    for (let run = 1; run <= 40; run++) {
      const random = randomNumbers(run)
      const table = new FingerprintTable(run % 2 === 0 ? 1 : 2, seed)
      const model = new Map<string, { high: number; low: number; second: number }>()
      // A narrow band of homes makes long clusters, and the end of the sub-table overflow.
      const homes = 1 + random(60)
      const from = random(2) === 0 ? 0xff_ffff - homes : random(0xff_0000)
      let now = 1
      for (let step = 0; step < 1500; step++) {
        if (random(20) === 0) {
          now += random(30)
          sweepAll(table, now, 1 + random(40))
          for (const [key, entry] of model) if (entry.second < now) model.delete(key)
        } else {
          const sortHigh = (0x1100_0000 | (from + random(homes))) >>> 0
          const [high, low] = fingerprintAt(sortHigh, random(50))
          const second = now + random(60)
          table.merge(high, low, second, second)
          const known = model.get(`${high}:${low}`)?.second ?? 0
          model.set(`${high}:${low}`, { high, low, second: Math.max(known, second) })
        }
        assert.equal(table.entries, model.size)
      }
      for (const { high, low, second } of model.values()) assert.equal(table.get(high, low), second)
      const expected = new Map([...model].map(([key, { second }]) => [key, second]))
      const found = contents(table, 1 + random(100))
      assert.deepEqual(found, expected)
    }
  })

  test('stays between 12 and 18 bytes an entry while it grows and shrinks', () => {
    const table = new FingerprintTable(1, seed)
    const random = randomNumbers(3)
    for (let index = 1; index <= 300_000; index++) {
      table.merge(random(2 ** 32), random(2 ** 32), index, 0)
      if (index > 150_000 && index % 25_000 === 0) {
        const bytes = table.memoryBytes() / table.entries
        assert.ok(bytes > 12 && bytes < 16, `${bytes} bytes an entry at ${index}`)
      }
    }
    sweepAll(table, 150_001, Infinity)
    assert.equal(table.entries, 150_000)
    const bytes = table.memoryBytes() / table.entries
    assert.ok(bytes > 12 && bytes < 18, `${bytes} bytes an entry after forgetting`)
  })
})

/** Repeatable numbers from 0 up to a bound (mulberry32). */
function randomNumbers(start: number): (bound: number) => number {
  let state = start
  return (bound) => {
    state = (state + 0x6d2b_79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}
