import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeProtectedHeader, errors } from 'jose'
import type { Clock } from '../ports/clock.ts'
import type { KeyStore, SigningKey } from '../ports/store.ts'
import { systemRandom } from '../server/system.ts'
import { openKeyRing, type KeyRing } from './key-ring.ts'

interface World {
  readonly keys: SigningKey[]
  readonly removed: Set<string>
  /** What reading the keys waits for. */
  reading: () => Promise<void>
  readings: number
  /** How far the wall clock has been moved. */
  offsetMs: number
  /** Lets time pass, on both clocks, and what was set to happen in it. */
  pass(ms: number): void
  open(): Promise<KeyRing>
}

/** The monotonic clock begins here, the wall clock there. */
const START_MS = 1000
const WALL_START_MS = 1_800_000_000_000

function makeWorld(): World {
  let passedMs = 0
  const due = new Map<() => void, number>()
  const keys: SigningKey[] = []
  const store: Pick<KeyStore, 'listKeys' | 'rotateKeys'> = {
    async listKeys() {
      world.readings++
      await world.reading()
      return [...keys]
    },
    rotateKeys(next, atMs) {
      const retired = keys.map((key) => ({
        ...key,
        retiredAtMs: key.retiredAtMs ?? atMs,
        // Stores count from the end of the last token, not from what a wall clock says.
        removeAfterMs: key.removeAfterMs ?? WALL_START_MS + passedMs + 720_000,
      }))
      keys.splice(0, keys.length, next, ...retired)
      return Promise.resolve(true)
    },
  }
  const clock: Clock = {
    nowMs: () => WALL_START_MS + passedMs + world.offsetMs,
    monotonicMs: () => START_MS + passedMs,
    after(delayMs, act) {
      due.set(act, passedMs + delayMs)
      return () => due.delete(act)
    },
  }
  const world: World = {
    keys,
    removed: new Set(),
    reading: () => Promise.resolve(),
    readings: 0,
    offsetMs: 0,
    pass(ms) {
      passedMs += ms
      for (const [act, atMs] of due) {
        if (atMs > passedMs) continue
        due.delete(act)
        act()
      }
    },
    open: () =>
      openKeyRing({
        store,
        clock,
        random: systemRandom(),
        algorithm: 'ES256',
        trustedMs: () => WALL_START_MS + passedMs,
        isRemoved: (kid) => world.removed.has(kid),
      }),
  }
  return world
}

const find = (ring: KeyRing, kid: string): Promise<unknown> =>
  Promise.resolve(ring.find({ kid, alg: 'ES256' }, {} as never))

const kidsOf = async (ring: KeyRing): Promise<readonly (string | undefined)[]> =>
  (await ring.publicKeys()).keys.map(({ kid }) => kid)

const signerOf = async (ring: KeyRing): Promise<string | undefined> =>
  decodeProtectedHeader((await ring.sign({ sub: 'maria' })).token).kid

const hangs = (): Promise<void> => new Promise(() => undefined)

suite('the key ring', () => {
  test('all who show a new key while the keys are being read share the next read', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    const { kid } = await elsewhere.rotate()
    world.pass(110)
    let answer = (): void => undefined
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    world.reading = () => answered
    const before = world.readings
    const asked = [find(ring, kid), find(ring, kid), find(ring, kid)]
    answer()
    world.pass(100)
    await Promise.all(asked)
    assert.equal(world.readings, before + 2)
  })

  test('a key that there is not, and keys that cannot be read, are different failures', async () => {
    const world = makeWorld()
    const ring = await world.open()
    world.pass(110)
    await assert.rejects(find(ring, 'x'), errors.JWKSNoMatchingKey)
    world.reading = () => Promise.reject(new Error('away'))
    const asked = [find(ring, 'x'), find(ring, 'x')]
    world.pass(110)
    for (const one of asked) await assert.rejects(one, /away/)
  })

  test('keys that were not read anew are published as such', async () => {
    const world = makeWorld()
    const ring = await world.open()
    const [first] = world.keys
    world.pass(110)
    assert.equal((await ring.publicKeys()).areCurrent, true)
    for (const fails of [() => Promise.reject(new Error('away')), hangs]) {
      world.pass(110)
      world.reading = fails
      for (let ask = 0; ask < 2; ask++) {
        const asked = ring.publicKeys()
        // As long as a caller waits for a store that does not answer.
        world.pass(500)
        const { keys, areCurrent } = await asked
        assert.equal(areCurrent, false)
        assert.deepEqual(
          keys.map(({ kid }) => kid),
          [first?.kid],
        )
      }
    }
    world.pass(110)
    world.reading = () => Promise.resolve()
    assert.equal((await ring.publicKeys()).areCurrent, true)
  })

  test('no key signs before it was published for three seconds, however many are made', async () => {
    const world = makeWorld()
    const ring = await world.open()
    const [first] = world.keys
    world.pass(10_000)
    const { kid: second } = await ring.rotate()
    world.pass(2_000)
    const { kid: third } = await ring.rotate()
    assert.equal(await signerOf(ring), first?.kid)
    world.pass(1_000)
    assert.equal(await signerOf(ring), second)
    world.pass(2_000)
    assert.equal(await signerOf(ring), third)
  })

  test('no wall clock makes a key sign earlier: not its maker’s, not one that jumps later', async () => {
    for (const [offsetMs, jumpMs] of [
      [-3_600_000, 0],
      [3_600_000, 0],
      [0, 3_600_000],
      [0, -3_600_000],
    ] as const) {
      const world = makeWorld()
      const [ring, elsewhere] = [await world.open(), await world.open()]
      const [first] = world.keys
      world.pass(10_000)
      world.offsetMs = offsetMs
      const { kid } = await elsewhere.rotate()
      world.offsetMs = jumpMs
      await ring.reload()
      world.pass(2_999)
      const clocks = `made ${String(offsetMs)} ms from now, then a jump of ${String(jumpMs)} ms`
      assert.equal(await signerOf(ring), first?.kid, clocks)
      assert.equal(await signerOf(elsewhere), first?.kid, clocks)
      world.pass(1)
      assert.equal(await signerOf(ring), kid, clocks)
      assert.equal(await signerOf(elsewhere), kid, clocks)
    }
  })

  test('a node that starts signs at once with a key that is old, and waits with one that is new', async () => {
    const world = makeWorld()
    const ring = await world.open()
    const [first] = world.keys
    world.pass(10_000)
    const { kid } = await ring.rotate()
    world.pass(1_000)
    const young = await world.open()
    assert.equal(await signerOf(young), first?.kid)
    world.pass(2_000)
    assert.equal(await signerOf(young), kid)
    assert.equal(await signerOf(await world.open()), kid)
  })

  test('a key that was made while the keys were being read is found all the same', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    world.pass(110)
    await ring.publicKeys()
    const { kid } = await elsewhere.rotate()
    // The last read does not answer this question, and the next may not begin yet.
    const [found, published] = [find(ring, kid), kidsOf(ring)]
    world.pass(100)
    assert.ok(await found)
    assert.ok((await published).includes(kid))
  })

  test('a removed key is published no more and signs no more, whatever else there is', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    const [first] = world.keys
    const { kid } = await elsewhere.rotate()
    world.removed.add(first?.kid ?? '')
    assert.ok(ring.isRemoved(first?.kid ?? ''))
    // This one has not heard of the new key, and not for lack of waiting.
    assert.equal(await signerOf(ring), kid)
    world.pass(110)
    assert.deepEqual(await kidsOf(ring), [kid])
  })
})
