/** Which use of a proof is the first. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Proof } from './dpop-proof.ts'
import { ProofMemory } from './proof-memory.ts'

const startMs = 1_800_000_000_000

function made(id: string, madeAtMs = startMs, thumbprint = 'k'): Proof {
  return { id, thumbprint, madeAtSeconds: madeAtMs / 1000 }
}

suite('the memory of proofs', () => {
  test('a proof is good once, and its id says nothing about those of another key', () => {
    const memory = new ProofMemory(10)
    assert.equal(memory.use(made('a'), startMs), undefined)
    assert.equal(memory.use(made('a'), startMs + 59_000), 'replayed')
    assert.equal(memory.use(made('b'), startMs), undefined)
    assert.equal(memory.use(made('a', startMs, 'other'), startMs), undefined)
  })

  test('it forgets what is too old anyway, and takes no more than it has room for', () => {
    const memory = new ProofMemory(2)
    const use = (id: string, atMs: number): unknown => memory.use(made(id, atMs, id), atMs)
    assert.deepEqual([use('a', startMs), use('b', startMs)], [undefined, undefined])
    assert.equal(use('c', startMs + 60_000), 'full')
    // One that came before is told even then.
    assert.equal(memory.use(made('a', startMs, 'a'), startMs + 60_000), 'replayed')
    assert.equal(use('d', startMs + 120_000), undefined)
    assert.equal(memory.size, 1)
  })

  test('keys that flood it are refused, and others find room until theirs are forgotten', () => {
    const memory = new ProofMemory(1200)
    const accepted = (key: string, count: number, atMs = startMs): number =>
      Array.from({ length: count }, (_, index) =>
        memory.use(made(`${key} ${String(index)} ${String(atMs)}`, atMs, key), atMs),
      ).filter((problem) => problem === undefined).length
    assert.equal(accepted('flood', 2000), 600, 'half of it')
    assert.equal(accepted('second flood', 2000), 300, 'half of what is left')
    for (let person = 0; person < 20; person += 1) assert.equal(accepted(`p${person}`, 10), 10)
    assert.equal(accepted('flood', 1), 0)
    assert.equal(accepted('flood', 1, startMs + 60_000), 0, 'all that are remembered count')
    assert.equal(accepted('flood', 2000, startMs + 120_000), 600)
  })

  test('a clock that is set back makes no used proof good again', () => {
    const memory = new ProofMemory(10)
    assert.equal(memory.use(made('a'), startMs), undefined)
    assert.equal(memory.use(made('b', startMs + 300_000), startMs + 300_000), undefined)
    assert.equal(memory.use(made('a'), startMs), 'time')
    assert.equal(memory.use(made('c', startMs + 30_000), startMs), undefined)
  })

  test('one from a clock that is ahead is remembered for as long as it may be good', () => {
    const memory = new ProofMemory(10)
    const ahead = made('a', startMs + 60_000)
    assert.equal(memory.use(ahead, startMs), undefined)
    for (let ms = 0; ms <= 120_000; ms += 5_000) {
      assert.equal(memory.use(ahead, startMs + ms), 'replayed')
    }
  })
})
