import assert from 'node:assert/strict'
import { KEY_MARGIN_MS } from '../../domain/access-horizon.ts'
import type { Check } from './check.ts'
import { now, refuses, signingKey, ticket, times } from './samples.ts'

export const ticketChecks: readonly Check[] = [
  {
    name: 'putTicket: stores, and replaces with no attempts',
    async run({ store }) {
      const first = ticket({ key: 'k' })
      await store.putTicket(first)
      assert.deepEqual(await store.findTicket('otp', 'k'), { ...first, attempts: 0 })
      await store.countAttempt('otp', 'k')
      const second = ticket({ key: 'k', value: '{"a":1}', expiresAtMs: now - 5 })
      await store.putTicket(second)
      assert.deepEqual(await store.findTicket('otp', 'k'), { ...second, attempts: 0 })
      assert.equal(await store.findTicket('regcode', 'k'), undefined)
    },
  },
  {
    name: 'addTicket: only where none is there that has not expired',
    async run({ store }) {
      const first = ticket({ key: 'k', expiresAtMs: now })
      assert.equal(await store.addTicket(first, now), true)
      await store.countAttempt('otp', 'k')
      const second = ticket({ key: 'k', value: '2' })
      assert.equal(await store.addTicket(second, now), false)
      assert.deepEqual(await store.findTicket('otp', 'k'), { ...first, attempts: 1 })
      assert.equal(await store.addTicket(ticket({ key: 'k', kind: 'regcode' }), now), true)
      assert.equal(await store.addTicket(second, now + 1), true)
      assert.deepEqual(await store.findTicket('otp', 'k'), { ...second, attempts: 0 })
    },
  },
  {
    name: 'addTicket: of 50 callers one adds it',
    async run({ store }) {
      const calls = times(50, (index) =>
        store.addTicket(ticket({ key: 'k', value: `${index}` }), now),
      )
      const added = (await Promise.all(calls)).flatMap((won, index) => (won ? [index] : []))
      assert.equal(added.length, 1)
      assert.equal((await store.findTicket('otp', 'k'))?.value, `${added[0]}`)
    },
  },
  {
    name: 'takeTicket: of 50 callers exactly one gets it',
    async run({ store }) {
      const given = ticket({ key: 'k' })
      await store.putTicket(given)
      const calls = times(50, () => store.takeTicket('otp', 'k'))
      const taken = (await Promise.all(calls)).filter((found) => found !== undefined)
      assert.deepEqual(taken, [given])
      assert.equal(await store.findTicket('otp', 'k'), undefined)
    },
  },
  {
    name: 'countAttempt: 50 at once are all counted',
    async run({ store }) {
      assert.equal(await store.countAttempt('otp', 'k'), 0)
      await store.putTicket(ticket({ key: 'k' }))
      const counts = await Promise.all(times(50, () => store.countAttempt('otp', 'k')))
      assert.deepEqual(
        counts.toSorted((a, b) => a - b),
        times(50, (index) => index + 1),
      )
      await store.takeTicket('otp', 'k')
      assert.equal(await store.countAttempt('otp', 'k'), 0)
    },
  },
  {
    name: 'listTickets: by key, those whose key starts with the prefix',
    async run({ store }) {
      const keys = ['a', 'a%', 'a%1', 'a_1', 'a%2', 'A%3', 'b', 'a%\u0000', 'a%\u{10ffff}', '']
      for (const key of keys) await store.putTicket(ticket({ key }))
      await store.putTicket(ticket({ kind: 'regcode', key: 'a%4' }))
      const list = async (prefix: string, limit = 100, after?: string) =>
        (await store.listTickets('otp', prefix, limit, after)).map(({ key }) => key)
      assert.deepEqual(await list('a%'), ['a%', 'a%\u0000', 'a%1', 'a%2', 'a%\u{10ffff}'])
      assert.deepEqual(await list('a%', 2), ['a%', 'a%\u0000'])
      assert.equal((await list('')).length, keys.length)
      assert.deepEqual(await list('c'), [])
      assert.deepEqual(await list('a%', 2, 'a%'), ['a%\u0000', 'a%1'])
      assert.deepEqual(await list('a%', 100, 'a%1'), ['a%2', 'a%\u{10ffff}'])
      assert.deepEqual(await list('a%', 100, 'a%10'), ['a%2', 'a%\u{10ffff}'], 'gone meanwhile')
      assert.deepEqual(await list('a%', 100, 'a%\u{10ffff}'), [])
      assert.equal((await list('', 100, '')).length, keys.length - 1)
      await refuses(store.listTickets('otp', '', 0), 'invalid_parameter')
    },
  },
  {
    name: 'rotateKeys: the next key signs, the one before is retired',
    async run({ store }) {
      assert.deepEqual(await store.listKeys(), [])
      const first = signingKey()
      const second = signingKey({ algorithm: 'EdDSA', privateJwk: '{"kty":"OKP","d":"x"}' })
      assert.equal(await store.rotateKeys(first, now, true), true)
      assert.deepEqual(await store.listKeys(), [first])
      assert.equal(await store.rotateKeys(signingKey(), now, true), false)
      assert.deepEqual(await store.listKeys(), [first])
      assert.equal(await store.rotateKeys(second, now, false), true)
      const retired = { ...first, retiredAtMs: now, removeAfterMs: now + KEY_MARGIN_MS }
      assert.deepEqual(await store.listKeys(), [second, retired])
      const third = signingKey()
      await store.rotateKeys(third, now + 5, false)
      const keys = await store.listKeys()
      assert.equal(keys[1]?.retiredAtMs, now + 5)
      assert.deepEqual(keys[2], retired, 'a retired key keeps its time')
    },
  },
  {
    name: 'rotateKeys: of 20 first callers one wins',
    async run({ store }) {
      const calls = times(20, () => store.rotateKeys(signingKey(), now, true))
      assert.equal((await Promise.all(calls)).filter(Boolean).length, 1)
      assert.equal((await store.listKeys()).length, 1)
    },
  },
]
