import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { errors, exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import { GuardKeys } from './keys.ts'

const { publicKey } = await generateKeyPair('ES256', { extractable: true })
const known = { ...(await exportJWK(publicKey)), kid: 'known', alg: 'ES256' }

/** Keys of a server that answers with these headers. */
function keysOf(headers: Record<string, string>): GuardKeys {
  const fetch = () => Promise.resolve(Response.json({ keys: [known] }, { headers }))
  return new GuardKeys('http://127.0.0.1:1', { fetch })
}

const find = (keys: GuardKeys, kid: string): Promise<unknown> =>
  Promise.resolve(keys.find({ kid, alg: 'ES256' }, {} as never))

suite('the keys of a guard', () => {
  test('a key that the server does not have is not there', async () => {
    const keys = keysOf({})
    await find(keys, 'known')
    await assert.rejects(find(keys, 'other'), errors.JWKSNoMatchingKey)
  })

  test('where the server could not read its keys, nobody knows whether it is there', async () => {
    const keys = keysOf({ 'outright-keys': 'stale' })
    await find(keys, 'known')
    // Also while it may not ask again.
    for (let round = 0; round < 2; round++) {
      await assert.rejects(find(keys, 'other'), /could not read/)
    }
  })

  test('a key that was found is there without a promise until the keys are fetched anew', async () => {
    const { publicKey: other } = await generateKeyPair('ES256', { extractable: true })
    const successor = { ...(await exportJWK(other)), kid: 'known', alg: 'ES256' }
    const answers = [known, successor]
    let answer: (() => void) | undefined
    const keys = new GuardKeys('http://127.0.0.1:1', {
      fetch: async () => {
        if (answers.length === 1) await new Promise<void>((resolve) => (answer = resolve))
        return Response.json({ keys: [answers.shift()] })
      },
    })
    const xOf = async (key: unknown): Promise<unknown> => (await exportJWK(key as CryptoKey)).x
    await find(keys, 'known')
    const before = await find(keys, 'known')
    assert.equal(await xOf(before), known.x)
    assert.equal(keys.find({ kid: 'known', alg: 'ES256' }, {} as never), before)
    // Another algorithm is another question.
    await assert.rejects(Promise.resolve(keys.find({ kid: 'known', alg: 'RS256' }, {} as never)))

    keys.prefetch()
    // What is found while they are on their way is one of those before, and not kept.
    assert.equal(await find(keys, 'known'), before)
    answer?.()
    for (let turns = 0; turns < 1000 && (await find(keys, 'known')) === before; turns++)
      await turn()
    const after = await find(keys, 'known')
    assert.equal(await xOf(after), successor.x)
    assert.equal(keys.find({ kid: 'known', alg: 'ES256' }, {} as never), after)
  })
})
