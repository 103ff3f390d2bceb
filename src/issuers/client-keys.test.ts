import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errors, exportJWK, generateKeyPair, type FlattenedJWSInput } from 'jose'
import { Refusal } from '../domain/failure.ts'
import { createClientKeys } from './client-keys.ts'
import { KEYS_MAX_AGE_MS, UNKNOWN_KEY_MS } from './remote-keys.ts'

const { publicKey } = await generateKeyPair('ES256', { extractable: true })
const jwk = await exportJWK(publicKey)
const input = {} as FlattenedJWSInput
const at = 'https://client.example/jwks'

function makeWorld() {
  const published = new Map<string, readonly string[] | Error>([[at, ['a']]])
  const asked: string[] = []
  const world = { published, asked, nowMs: 0 }
  const keysAt = createClientKeys({
    isListed: (address) => address === '10.0.0.9',
    clock: {
      nowMs: () => world.nowMs,
      monotonicMs: () => world.nowMs,
      after: () => () => undefined,
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    fetchJson: (url, { isListed }) => {
      asked.push(url.href)
      assert.deepEqual([isListed('10.0.0.9'), isListed('10.0.0.1')], [true, false])
      const kids = published.get(url.href) ?? []
      return kids instanceof Error
        ? Promise.reject(kids)
        : Promise.resolve({ keys: kids.map((kid) => ({ ...jwk, kid })) })
    },
  })
  const look = async (kid: string, uri = at): Promise<string> => {
    try {
      await keysAt(uri)({ alg: 'ES256', kid }, input)
      return 'found'
    } catch (error) {
      if (error instanceof Refusal) return error.failure.kind
      assert.ok(error instanceof errors.JWKSNoMatchingKey)
      return 'none'
    }
  }
  return Object.assign(world, { look })
}

suite('keys that clients publish', () => {
  test('are fetched once for many assertions, and each address has its own', async () => {
    const world = makeWorld()
    const other = 'https://other.example/jwks'
    world.published.set(other, ['b'])
    const found = await Promise.all(['a', 'a', 'a'].map((kid) => world.look(kid)))
    assert.deepEqual(found, ['found', 'found', 'found'])
    assert.equal(await world.look('b', other), 'found')
    assert.deepEqual(world.asked, [at, other])
  })

  test('a key that was made since is found; made-up ones cause one call in ten seconds', async () => {
    const world = makeWorld()
    await world.look('a')
    world.published.set(at, ['a', 'b'])
    assert.equal(await world.look('b'), 'stale')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await world.look('b'), 'found')
    const { length } = world.asked
    for (let count = 0; count < 50; count++) assert.equal(await world.look(`x${count}`), 'stale')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await world.look('x'), 'none')
    assert.equal(world.asked.length, length + 1)
  })

  test('a key that was removed is good for five minutes at most', async () => {
    const world = makeWorld()
    await world.look('a')
    world.published.set(at, ['b'])
    world.nowMs += KEYS_MAX_AGE_MS - 1
    assert.equal(await world.look('a'), 'found')
    world.nowMs += 1
    assert.equal(await world.look('b'), 'found')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await world.look('a'), 'none')
  })

  test('while the address cannot be read, known keys go on, and of others it cannot be said', async () => {
    const world = makeWorld()
    world.published.set(at, new Error('away'))
    assert.equal(await world.look('a'), 'stale')
    world.published.set(at, ['a'])
    assert.equal(await world.look('a'), 'stale')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await world.look('a'), 'found')
    world.published.set(at, new Error('away'))
    world.nowMs += 10 * KEYS_MAX_AGE_MS
    assert.deepEqual([await world.look('a'), await world.look('b')], ['found', 'stale'])
  })
})
