import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errors, exportJWK, generateKeyPair, type CryptoKey, type FlattenedJWSInput } from 'jose'
import { issuerKeys } from './issuer-keys.ts'
import { DROPPED_KEYS_MS, KEYS_MAX_AGE_MS, UNKNOWN_KEY_MS, type RemoteKeys } from './remote-keys.ts'

const issuer = 'https://idp.example'
const input = {} as FlattenedJWSInput

interface World {
  readonly keys: RemoteKeys
  /** What each address answers: a document, or why there is none. */
  readonly documents: Map<string, unknown>
  readonly asked: { readonly url: string; readonly mayBePrivate: boolean }[]
  nowMs: number
  changes: number
  publish(...kids: readonly string[]): void
}

const { publicKey } = await generateKeyPair('ES256', { extractable: true })
const jwk = await exportJWK(publicKey)

function makeWorld(jwksUri?: string): World {
  const documents = new Map<string, unknown>()
  const asked: World['asked'] = []
  const world: World = {
    documents,
    asked,
    nowMs: 0,
    changes: 0,
    publish(...kids) {
      documents.set(`${issuer}/jwks`, { keys: kids.map((kid) => ({ ...jwk, kid })) })
    },
    keys: issuerKeys({
      name: 'idp',
      issuer,
      jwksUri,
      fetchJson: (url, { isListed }) => {
        asked.push({ url: url.href, mayBePrivate: isListed('10.0.0.1') })
        const document = documents.get(url.href)
        return document instanceof Error
          ? Promise.reject(document)
          : Promise.resolve(structuredClone(document))
      },
      clock: {
        nowMs: () => world.nowMs,
        monotonicMs: () => world.nowMs,
        after: () => () => undefined,
      },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      changed: () => world.changes++,
    }),
  }
  documents.set(`${issuer}/.well-known/openid-configuration`, {
    issuer,
    jwks_uri: `${issuer}/jwks`,
  })
  world.publish('a')
  return world
}

async function look(world: World, kid: string): Promise<string> {
  try {
    await world.keys.find({ alg: 'ES256', kid }, input)
    return 'found'
  } catch (error) {
    return error instanceof errors.JWKSNoMatchingKey ? 'none' : 'failed'
  }
}

suite('keys of another issuer', () => {
  test('they are found through discovery, once for many tokens at a time', async () => {
    const world = makeWorld()
    const found = await Promise.all([1, 2, 3].map(() => look(world, 'a')))
    assert.deepEqual(found, ['found', 'found', 'found'])
    assert.equal(world.asked.length, 2)
  })

  test('a new key is asked for, at most so often; before that it cannot be said', async () => {
    const world = makeWorld()
    assert.equal(await look(world, 'a'), 'found')
    world.publish('a', 'b')
    assert.equal(await look(world, 'b'), 'failed')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await look(world, 'b'), 'found')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await look(world, 'c'), 'none')
    const { length } = world.asked
    for (let n = 0; n < 100; n++) await look(world, `made up ${String(n)}`)
    assert.equal(world.asked.length, length)
  })

  test('known keys go on while the issuer cannot be reached', async () => {
    const world = makeWorld()
    const unasked = { count: 0, fetchedAtMs: undefined, failure: undefined }
    assert.deepEqual(world.keys.status, unasked)
    await look(world, 'a')
    world.documents.set(`${issuer}/jwks`, new Error('away'))
    world.nowMs += 10 * KEYS_MAX_AGE_MS
    await world.keys.refresh()
    assert.equal(await look(world, 'a'), 'found')
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await look(world, 'b'), 'failed')
    assert.deepEqual(world.keys.status, { count: 1, fetchedAtMs: 0, failure: 'away' })
  })

  test('a key that was removed is gone at the next refresh, and verifiers are told', async () => {
    const world = makeWorld()
    await look(world, 'a')
    world.publish('b')
    world.nowMs += KEYS_MAX_AGE_MS - 1
    await world.keys.refresh()
    assert.equal(await look(world, 'a'), 'found')
    const { changes } = world
    world.nowMs += 1
    await world.keys.refresh()
    assert.equal(world.changes, changes + 1)
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await look(world, 'a'), 'none')
  })

  test('an unchanged set is not a change', async () => {
    const world = makeWorld()
    await look(world, 'a')
    world.nowMs += KEYS_MAX_AGE_MS
    await world.keys.refresh()
    assert.equal(world.changes, 1)
  })

  test('one that was dropped is found for calls that end a token, for a day', async () => {
    const world = makeWorld()
    assert.equal(await look(world, 'a'), 'found')
    const isKnown = async (kid: string): Promise<boolean> => {
      try {
        await world.keys.findDropped({ alg: 'ES256', kid }, input)
        return true
      } catch (error) {
        assert.ok(error instanceof errors.JWKSNoMatchingKey)
        return false
      }
    }
    assert.equal(await isKnown('a'), false)
    world.publish('b')
    world.nowMs += KEYS_MAX_AGE_MS
    await world.keys.refresh()
    assert.equal(await look(world, 'b'), 'found')
    assert.deepEqual([await isKnown('a'), await isKnown('b')], [true, false])
    world.nowMs += UNKNOWN_KEY_MS
    assert.equal(await look(world, 'a'), 'none')
    world.nowMs += DROPPED_KEYS_MS
    assert.equal(await isKnown('a'), false)
  })

  test('another key under the same name is another key', async () => {
    const world = makeWorld()
    assert.equal(await look(world, 'a'), 'found')
    const { publicKey: second } = await generateKeyPair('ES256', { extractable: true })
    world.documents.set(`${issuer}/jwks`, { keys: [{ ...(await exportJWK(second)), kid: 'a' }] })
    world.nowMs += KEYS_MAX_AGE_MS
    await world.keys.refresh()
    const header = { alg: 'ES256', kid: 'a' }
    const now = (await world.keys.find(header, input)) as CryptoKey
    const before = (await world.keys.findDropped(header, input)) as CryptoKey
    assert.equal((await exportJWK(before)).x, jwk.x)
    assert.notEqual((await exportJWK(now)).x, jwk.x)
    // And back: of the two that were dropped under this name the latest is found.
    world.publish('a')
    world.nowMs += KEYS_MAX_AGE_MS
    await world.keys.refresh()
    const latest = (await world.keys.findDropped(header, input)) as CryptoKey
    assert.equal((await exportJWK(latest)).x, (await exportJWK(second)).x)
  })

  test('metadata of another issuer are refused', async () => {
    const world = makeWorld()
    const place = `${issuer}/.well-known/openid-configuration`
    for (const metadata of [
      { issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` },
      { issuer: 'https://attacker.example', jwks_uri: `${issuer}/jwks` },
      { issuer },
      { issuer, jwks_uri: 'file:///etc/passwd' },
      { issuer, jwks_uri: 'http://elsewhere.example/jwks' },
      null,
      'text',
    ]) {
      world.documents.set(place, metadata)
      world.nowMs += UNKNOWN_KEY_MS
      assert.equal(await look(world, 'a'), 'failed', JSON.stringify(metadata))
    }
  })

  test('only an address that the operator has named may be private', async () => {
    const world = makeWorld()
    const elsewhere = 'https://keys.example/jwks'
    world.documents.set(`${issuer}/.well-known/openid-configuration`, {
      issuer,
      jwks_uri: elsewhere,
    })
    world.documents.set(elsewhere, { keys: [{ ...jwk, kid: 'a' }] })
    assert.equal(await look(world, 'a'), 'found')
    assert.deepEqual(
      world.asked.map(({ mayBePrivate }) => mayBePrivate),
      [true, false],
    )
    const named = makeWorld(`${issuer}/jwks`)
    assert.equal(await look(named, 'a'), 'found')
    assert.deepEqual(named.asked, [{ url: `${issuer}/jwks`, mayBePrivate: true }])
  })
})
