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
        removeAfterMs: key.removeAfterMs ?? atMs + 720_000,
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
        trustedMs: () => clock.nowMs(),
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
  test('all who show a new key while the keys are being read wait for them', async () => {
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
    await Promise.all(asked)
    assert.equal(world.readings, before + 1)
  })

  test('a key that there is not, and keys that cannot be read, are different failures', async () => {
    const world = makeWorld()
    const ring = await world.open()
    await assert.rejects(find(ring, 'x'), errors.JWKSNoMatchingKey)
    world.pass(110)
    world.reading = () => Promise.reject(new Error('away'))
    await assert.rejects(find(ring, 'x'), /away/)
    await assert.rejects(find(ring, 'x'), /away/)
  })

  test('keys that were not read anew are published as such', async () => {
    const world = makeWorld()
    const ring = await world.open()
    const [first] = world.keys
    assert.equal((await ring.publicKeys()).areCurrent, true)
    for (const fails of [() => Promise.reject(new Error('away')), hangs]) {
      world.pass(110)
      world.reading = fails
      for (let ask = 0; ask < 2; ask++) {
        const asked = ring.publicKeys()
        // As long as somebody who asks waits for a store that does not answer.
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
    world.offsetMs = 10_000
    const { kid: second } = await ring.rotate()
    world.offsetMs += 2_000
    const { kid: third } = await ring.rotate()
    assert.equal(await signerOf(ring), first?.kid)
    world.offsetMs += 1_000
    assert.equal(await signerOf(ring), second)
    world.offsetMs += 2_000
    assert.equal(await signerOf(ring), third)
  })

  test('a key of a node whose clock is ahead signs no earlier; one of a clock gone wrong does', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    const [first] = world.keys
    world.offsetMs = 10_000
    const { kid } = await elsewhere.rotate()
    world.offsetMs -= 50
    await ring.reload()
    assert.equal(await signerOf(ring), first?.kid)
    world.offsetMs -= 3_600_000
    assert.equal(await signerOf(ring), kid)
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
    assert.deepEqual(await kidsOf(ring), [kid])
  })
})
