import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { entryWords } from '../protocol/feed.ts'
import { FingerprintTable, largestNumber, subTables, undividedMost } from './fingerprint-table.ts'
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
  for (const words of table.chunks(most, 9)) {
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

/** Above every place that these tests use, so that it comes last in the order of the table. */
const crowdFrom = 0x50_00_00_00
/** Spread over all places above, in no order: close together, each would be moved for the next. */
const crowdStep = 180_000
const crowdShuffle = 9973

/** Divides a table into its sub-tables by entries that are never forgotten. */
function crowd(table: FingerprintTable): number {
  const count = undividedMost + 1
  for (let index = 0; index < count; index++) {
    const place = crowdFrom + ((index * crowdShuffle) % count) * crowdStep
    table.merge(...fingerprintAt(place, index), largestNumber, 1)
  }
  return table.entries
}

/** The same without those that divided it. */
function contentsBelowCrowd(table: FingerprintTable, most?: number): Map<string, number> {
  return new Map([...contents(table, most)].filter(([, second]) => second !== largestNumber))
}

/** Sweeps a few slots at a time; at once where the crowd is, from which nothing is dropped. */
function sweepAll(table: FingerprintTable, nowSeconds: number, budget: number): number {
  let dropped = 0
  for (let index = 0; index < subTables; index++) {
    const slots = index < crowdFrom >>> 24 ? budget : Infinity
    let slot = 0
    do {
      dropped += table.sweep(index, slot, slots, nowSeconds)
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

  for (const [where, home, crowded] of [
    ['first', 0x4200_0000, true],
    ['middle', 0x4280_0000, true],
    ['last', 0x42ff_ffff, true],
    ['first', 0, false],
    ['middle', 0x8000_0000, false],
    ['last', 0xffff_ffff, false],
  ] as const) {
    const kind = crowded ? 'one of the sub-tables' : 'the undivided table'
    test(`thousands of entries that share the ${where} home slot of ${kind} are kept, found and dropped`, () => {
      for (const budget of [1, 7, Infinity]) {
        const table = new FingerprintTable(1, seed)
        const others = crowded ? crowd(table) : 0
        const count = 2000
        const place = (index: number): readonly [number, number] =>
          fingerprintAt(home, Math.imul(index, 0x9e37_79b1) >>> 0)
        for (let index = 0; index < count; index++)
          table.merge(...place(index), 10 + (index % 3), 0)
        assert.equal(contents(table).size, others + count)
        for (let index = 0; index < count; index++) {
          assert.equal(table.get(...place(index)), 10 + (index % 3))
          assert.equal(table.get(...place(index + count)), 0)
        }
        assert.equal(sweepAll(table, 11, budget), Math.ceil(count / 3))
        assert.equal(contents(table).size, table.entries)
        for (let index = 0; index < count; index++) {
          assert.equal(table.get(...place(index)), index % 3 === 0 ? 0 : 10 + (index % 3))
        }
        assert.equal(sweepAll(table, 13, budget), count - Math.ceil(count / 3))
        assert.equal(table.entries, others)
        if (!crowded) assert.equal(table.memoryBytes(), 0)
      }
    })
  }

  test('is divided once it holds many entries, and has all of them before and after', () => {
    for (const width of [1, 2] as const) {
      const table = new FingerprintTable(width, seed)
      const random = randomNumbers(width)
      const entries = Array.from({ length: 2 * undividedMost }, (_, index) => ({
        place: [random(2 ** 32), random(2 ** 32)] as const,
        number: 1 + index,
      }))
      for (const [index, { place, number }] of entries.entries()) {
        assert.equal(table.merge(...place, number, number), true)
        assert.equal(table.entries, index + 1)
        if (Math.abs(index - undividedMost) > 1) continue
        for (const known of entries.slice(0, index + 1)) {
          assert.equal(table.get(...known.place), known.number)
          assert.equal(table.merge(...known.place, known.number, known.number), false)
        }
      }
      assert.equal(contents(table).size, entries.length)
      table.clear()
      assert.equal(table.entries, 0)
      assert.equal(contents(table).size, 0)
    }
  })

  test('chunks() that began before it was divided goes on where it was', () => {
    const table = new FingerprintTable(1, seed)
    const random = randomNumbers(9)
    const stays = Array.from({ length: undividedMost }, () => [random(2 ** 32), random(2 ** 32)])
    for (const [high, low] of stays) table.merge(high!, low!, 5, 0)
    const chunks = table.chunks(100, 9)
    const found = new Set<string>()
    let pieces = 0
    for (const words of chunks) {
      for (let at = 0; at < words.length; at += entryWords) {
        const key = `${words[at]}:${words[at + 1]}`
        assert.ok(!found.has(key), 'nothing is delivered twice')
        found.add(key)
      }
      if (++pieces === 20) for (let more = 0; more < 50; more++) table.merge(more, more, 5, 0)
    }
    for (const [high, low] of stays) assert.ok(found.has(`${high}:${low}`))
  })

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
      const others = run % 4 < 2 ? crowd(table) : 0
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
        assert.equal(table.entries, others + model.size)
      }
      for (const { high, low, second } of model.values()) assert.equal(table.get(high, low), second)
      const expected = new Map([...model].map(([key, { second }]) => [key, second]))
      const found = contentsBelowCrowd(table, 1 + random(100))
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
