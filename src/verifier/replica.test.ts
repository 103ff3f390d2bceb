import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Replica } from './replica.ts'
import { entryWords } from '../protocol/feed.ts'

const never = 0xffff_ffff

function copyOf(source: Replica, maxEntries = 100): Replica {
  const copy = new Replica()
  for (const { words, count } of source.chunks(maxEntries)) copy.applyWords(words, count)
  return copy
}

suite('Replica', () => {
  test('revoke() is seen at once, and only for its fingerprint', () => {
    const replica = new Replica()
    replica.revoke(1, 2, 100)
    assert.equal(replica.isRevoked(1, 2), true)
    assert.equal(replica.isRevoked(2, 1), false)
    assert.equal(replica.generation(1, 2), 0)
    assert.equal(replica.entries, 1)
  })

  test('revoke() keeps the later second', () => {
    const replica = new Replica()
    replica.revoke(1, 2, 100)
    replica.revoke(1, 2, 50)
    assert.equal(replica.forget(100, Infinity), 0)
    replica.revoke(1, 2, 200)
    assert.equal(replica.forget(200, Infinity), 0)
    assert.equal(replica.forget(201, Infinity), 1)
    assert.equal(replica.isRevoked(1, 2), false)
  })

  test('revoke() never forgets earlier than asked: fractions, overflow and nonsense', () => {
    const replica = new Replica()
    replica.revoke(0, 0, 100.2)
    assert.equal(replica.forget(100.5, Infinity), 0)
    assert.equal(replica.forget(101.5, Infinity), 1)
    for (const second of [2 ** 32, Infinity, NaN]) replica.revoke(0, 0, second)
    assert.equal(replica.forget(2 ** 40, Infinity), 0)
    assert.equal(replica.isRevoked(0, 0), true)
    replica.revoke(3, 3, 0)
    replica.revoke(4, 4, -5)
    assert.equal(replica.isRevoked(3, 3) && replica.isRevoked(4, 4), true)
  })

  test('raise() never lowers and keeps the later second', () => {
    const replica = new Replica()
    replica.raise(1, 2, 5, 100)
    replica.raise(1, 2, 4, 200)
    assert.equal(replica.generation(1, 2), 5)
    assert.equal(replica.forget(150, Infinity), 0)
    replica.raise(1, 2, 6, 10)
    assert.equal(replica.generation(1, 2), 6)
    assert.equal(replica.forget(201, Infinity), 1)
    assert.equal(replica.generation(1, 2), 0)
  })

  test('raise() refuses a generation that does not fit 32 bits', () => {
    const replica = new Replica()
    for (const generation of [-1, 0.5, 2 ** 32, NaN]) {
      assert.throws(() => replica.raise(1, 2, generation, 100), RangeError)
      assert.throws(() => replica.raiseEveryone(generation), RangeError)
    }
    replica.raise(1, 2, never, 100)
    assert.equal(replica.generation(1, 2), never)
  })

  test('raise() of fingerprint (0, 0) is everyone', () => {
    const replica = new Replica()
    replica.raise(0, 0, 3, 100)
    replica.raiseEveryone(2)
    assert.equal(replica.everyone, 3)
    assert.equal(replica.generation(0, 0), 3)
    assert.equal(replica.entries, 0)
    assert.equal(copyOf(replica).everyone, 3)
  })

  test('version changes with what is applied, and with nothing else', () => {
    const replica = new Replica()
    const versions = new Set([replica.version])
    const changed = (change: () => void): void => {
      change()
      assert.equal(versions.has(replica.version), false)
      versions.add(replica.version)
    }
    const unchanged = (change: () => void): void => {
      const before = replica.version
      change()
      assert.equal(replica.version, before)
    }
    changed(() => replica.revoke(1, 2, 100))
    unchanged(() => replica.revoke(1, 2, 100))
    changed(() => replica.raise(1, 2, 1, 100))
    unchanged(() => replica.raise(1, 2, 1, 90))
    unchanged(() => replica.raise(1, 2, 0, 900))
    changed(() => replica.raiseEveryone(1))
    unchanged(() => replica.raiseEveryone(1))
    unchanged(() => replica.forget(1000, Infinity))
    changed(() => replica.clear())
  })

  test('clear() leaves nothing', () => {
    const replica = new Replica()
    replica.revoke(1, 2, 100)
    replica.raise(3, 4, 1, 100)
    replica.raiseEveryone(9)
    replica.clear()
    assert.deepEqual([replica.entries, replica.everyone, replica.memoryBytes()], [0, 0, 0])
    assert.equal([...replica.chunks(10)].length, 0)
    replica.revoke(1, 2, 100)
    assert.equal(replica.isRevoked(1, 2), true)
  })

  test('applyWords() refuses a count beyond the words, and applies nothing', () => {
    const replica = new Replica()
    assert.throws(() => replica.applyWords(Uint32Array.of(1, 2, 3, 0, 1, 5, 6, 7), 2), RangeError)
    assert.throws(() => replica.applyWords(new Uint32Array(8), NaN), RangeError)
    assert.equal(replica.entries, 0)
  })

  test('chunks() refuses pieces of no size', () => {
    const replica = new Replica()
    for (const size of [0, -1, 1.5, NaN]) assert.throws(() => [...replica.chunks(size)], RangeError)
  })

  test('forget() in small budgets drops everything that is due within one round, and nothing else', () => {
    for (const budget of [undefined, 1, 10, 1000]) {
      const replica = new Replica(5)
      const random = randomNumbers(9)
      for (let index = 0; index < 5000; index++) {
        replica.revoke(random(2 ** 32), index, 100 + (index % 2) * 100)
        if (index % 10 === 0) replica.raise(random(2 ** 32), index, 1, 100)
      }
      let dropped = 0
      for (let call = 0; call < 20_000 && dropped < 3000; call++)
        dropped += replica.forget(150, budget)
      assert.equal(dropped, 3000)
      assert.equal(replica.entries, 2500)
      for (let call = 0; call < 20_000; call++) assert.equal(replica.forget(150, budget ?? 1), 0)
    }
  })

  test('behaves like two Maps over random histories, and so does its copy', () => {
    for (let run = 1; run <= 25; run++) {
      const random = randomNumbers(run)
      const replica = new Replica(run)
      const revoked = new Map<number, number>()
      const raised = new Map<number, { generation: number; second: number }>()
      let now = 1
      const high = (key: number): number => Math.imul(key, 0x9e37_79b1) >>> 0
      for (let step = 0; step < 4000; step++) {
        const key = 1 + random(1500)
        const second = now + random(50)
        const action = random(10)
        if (action < 5) {
          replica.revoke(high(key), key, second)
          revoked.set(key, Math.max(revoked.get(key) ?? 0, second))
        } else if (action < 8) {
          const generation = 1 + random(9)
          replica.raise(high(key), key, generation, second)
          const known = raised.get(key) ?? { generation: 0, second: 0 }
          raised.set(key, {
            generation: Math.max(known.generation, generation),
            second: Math.max(known.second, second),
          })
        } else if (action === 8) {
          const isDue = (revoked.get(key) ?? never) < now
          if (!isDue) assert.equal(replica.isRevoked(high(key), key), revoked.has(key))
        } else if (random(20) === 0) {
          now += random(20)
          replica.forget(now, Infinity)
          for (const [due, due2] of revoked) if (due2 < now) revoked.delete(due)
          for (const [due, entry] of raised) if (entry.second < now) raised.delete(due)
        } else replica.forget(now, random(100))
      }
      for (const side of [replica, copyOf(replica, 1 + random(200))]) {
        side.forget(now, Infinity)
        assert.equal(side.entries, revoked.size + raised.size)
        for (let key = 1; key <= 1500; key++) {
          assert.equal(side.isRevoked(high(key), key), revoked.has(key))
          assert.equal(side.generation(high(key), key), raised.get(key)?.generation ?? 0)
        }
      }
    }
  })

  test('chunks() delivers every entry that stays, while others come and go between the pieces', () => {
    for (let run = 1; run <= 10; run++) {
      const random = randomNumbers(run)
      const replica = new Replica(run)
      const high = (key: number): number => Math.imul(key, 0x85eb_ca6b) >>> 0
      // Every third entry is due at once; the others stay.
      for (let key = 0; key < 6000; key++) {
        const second = key % 3 === 0 ? 10 : 1000
        if (key % 4 === 0) replica.raise(high(key), key, 1 + key, second)
        else replica.revoke(high(key), key, second)
      }
      const copy = new Replica()
      let fresh = 6000
      const size = 1 + random(300)
      for (const { words, count } of replica.chunks(size)) {
        assert.equal(words.length, count * entryWords)
        copy.applyWords(words, count)
        replica.forget(20, random(400))
        for (let more = random(size); more > 0; more--) replica.revoke(high(fresh), fresh++, 1000)
        if (fresh > 60_000) break
      }
      assert.ok(fresh <= 60_000, 'the snapshot ends although entries keep coming')
      for (let key = 1; key < 6000; key++) {
        if (key % 3 === 0) continue
        if (key % 4 === 0) assert.equal(copy.generation(high(key), key), 1 + key)
        else assert.equal(copy.isRevoked(high(key), key), true)
      }
    }
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
