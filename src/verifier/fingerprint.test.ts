import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { fingerprint } from './fingerprint.ts'

suite('fingerprint()', () => {
  test('is the first 64 bits of SHA-256 over scope, zero byte and name, as the web computes it', async () => {
    const scope = fc.constantFrom('subject', 'client', 'grant', 'device' as const)
    await fc.assert(
      fc.asyncProperty(scope, fc.string({ unit: 'binary' }), async (name, key) => {
        const bytes = new TextEncoder().encode(`${name}\0${key}`)
        const view = new DataView(await crypto.subtle.digest('SHA-256', bytes))
        const expected = { high: view.getInt32(0), low: view.getInt32(4) }
        assert.deepEqual(fingerprint(name, key), expected)
      }),
    )
  })

  test('of what has a random id is the random half of it', () => {
    const key = '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77'
    const expected = { high: 0xb0c4_1f6a | 0, low: 0x2b9e_8d77 }
    for (const scope of ['token', 'session', 'signing_key'] as const) {
      assert.deepEqual(fingerprint(scope, key), expected)
    }
    assert.notDeepEqual(fingerprint('subject', key), expected)
  })

  test('of a client’s part in a session has both in it', () => {
    const sid = '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77'
    const other = '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d78'
    const of = (clientId: string, id: string) => fingerprint('participant', `${clientId} ${id}`)
    assert.deepEqual(of('shop', sid), of('shop', sid))
    const all = [of('shop', sid), of('mail', sid), of('shop', other), fingerprint('session', sid)]
    assert.equal(new Set(all.map(({ high, low }) => `${high} ${low}`)).size, all.length)
    // As random as the id, whatever the name.
    const [one, two] = [of('shop', sid), of('shop', other)]
    assert.deepEqual([one.high ^ two.high, one.low ^ two.low], [0, 0x77 ^ 0x78])
  })
})
