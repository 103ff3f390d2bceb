import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errors } from 'jose'
import type { KeyStore, SigningKey } from '../ports/store.ts'
import { systemClock, systemRandom } from '../server/system.ts'
import { openKeyRing, type KeyRing } from './key-ring.ts'

interface World {
  readonly keys: SigningKey[]
  readonly removed: Set<string>
  /** What reading the keys waits for. */
  reading: Promise<void>
  readings: number
  open(): Promise<KeyRing>
}

function makeWorld(): World {
  const keys: SigningKey[] = []
  const store: KeyStore = {
    async listKeys() {
      world.readings++
      await world.reading
      return [...keys]
    },
    rotateKeys(next, { atMs, removeAfterMs }) {
      const retired = keys.map((key) => ({
        ...key,
        retiredAtMs: key.retiredAtMs ?? atMs,
        removeAfterMs: key.removeAfterMs ?? removeAfterMs,
      }))
      keys.splice(0, keys.length, next, ...retired)
      return Promise.resolve(true)
    },
  }
  const world: World = {
    keys,
    removed: new Set(),
    reading: Promise.resolve(),
    readings: 0,
    open: () =>
      openKeyRing({
        store,
        clock: systemClock,
        random: systemRandom(),
        algorithm: 'ES256',
        longestAccessLifetimeMs: 600_000,
        isRemoved: (kid) => world.removed.has(kid),
      }),
  }
  return world
}

const find = (ring: KeyRing, kid: string): Promise<unknown> =>
  Promise.resolve(ring.find({ kid, alg: 'ES256' }, {} as never))

const kidsOf = async (ring: KeyRing): Promise<readonly (string | undefined)[]> =>
  (await ring.publicKeys()).keys.map(({ kid }) => kid)

suite('the key ring', () => {
  test('all who show a new key while the keys are being read wait for them', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    const { kid } = await elsewhere.rotate()
    await new Promise((resolve) => setTimeout(resolve, 110))
    let answer = (): void => undefined
    world.reading = new Promise((resolve) => {
      answer = resolve
    })
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
    await new Promise((resolve) => setTimeout(resolve, 110))
    world.reading = Promise.reject(new Error('away'))
    await assert.rejects(find(ring, 'x'), /away/)
    await assert.rejects(find(ring, 'x'), /away/)
  })

  test('a removed key is published no more and signs no more, whatever else there is', async () => {
    const world = makeWorld()
    const [ring, elsewhere] = [await world.open(), await world.open()]
    const [first] = world.keys
    const { kid } = await elsewhere.rotate()
    world.removed.add(first?.kid ?? '')
    assert.ok(ring.isRemoved(first?.kid ?? ''))
    // This one has not heard of the new key, and not for lack of waiting.
    const token = await ring.sign({ sub: 'maria' })
    const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
    assert.equal((JSON.parse(header) as { kid: string }).kid, kid)
    assert.deepEqual(await kidsOf(ring), [kid])
  })
})
