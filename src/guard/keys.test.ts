import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errors, exportJWK, generateKeyPair } from 'jose'
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
    assert.equal(keys.failures, 0)
  })

  test('where the server could not read its keys, nobody knows whether it is there', async () => {
    const keys = keysOf({ 'outright-keys': 'stale' })
    await find(keys, 'known')
    // Also while it may not ask again.
    for (const failures of [1, 2]) {
      await assert.rejects(find(keys, 'other'), /could not read/)
      assert.equal(keys.failures, failures)
    }
  })
})
