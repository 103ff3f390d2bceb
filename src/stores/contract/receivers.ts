import assert from 'node:assert/strict'
import type { ReceiverDeliveries } from '../../ports/delivery.ts'
import type { Client } from '../../domain/identity.ts'
import type { Check } from './check.ts'
import { claim, owe, owed, settle } from './delivery-samples.ts'
import { client, now, refuses, times } from './samples.ts'

const hour = 3_600_000

function nothing(receiver: string): ReceiverDeliveries {
  return {
    receiver,
    owed: 0,
    dead: 0,
    oldestOwedAtMs: undefined,
    lastDeliveredAtMs: undefined,
    lastFailure: undefined,
  }
}

export const receiverChecks: readonly Check[] = [
  {
    name: 'storedReceivers: each once, by code point, behind a name; whatever became of it',
    async run({ store }) {
      // By UTF-16 units the last two would change places.
      const names = ['a-b:x', 'a:x', 'a:é', 'a:\u{FF5E}', 'a:\u{1F4FA}']
      const deliveries = names.flatMap((receiver) => times(3, () => owed({ receiver })))
      await owe(store, ...deliveries.toReversed())
      for (const receiver of names.slice(1)) await claim(store, { receiver })
      const of = (name: string) => deliveries.filter(({ receiver }) => receiver === name)
      for (const { id } of of('a:x')) await settle(store, id)
      for (const { id } of of('a:é')) await settle(store, id, { state: 'dead', lastError: 'x' })
      assert.deepEqual(await store.storedReceivers('', 10), names)
      assert.deepEqual(await store.storedReceivers('', 2), names.slice(0, 2))
      for (const [at, name] of names.entries()) {
        assert.deepEqual(await store.storedReceivers(name, 10_000), names.slice(at + 1), name)
      }
      assert.deepEqual(await store.storedReceivers('a:', 1), ['a:x'])
      for (const limit of [0, 1.5, 10_001]) {
        await refuses(store.storedReceivers('', limit), 'invalid_parameter')
      }
    },
  },
  {
    name: 'countByReceiver: what is owed, dead, delivered last and failed last, of each apart',
    async run({ store }) {
      const receivers = ['a:one', 'a:two', 'a:none']
      const [claimed, waiting, dead, late, done] = times(5, (index) =>
        owed({ receiver: 'a:one', createdAtMs: now + index }),
      )
      const others = times(2, () => owed({ receiver: 'a:two', createdAtMs: now + 9 }))
      await owe(store, done!, late!, dead!, waiting!, claimed!, ...others)
      assert.deepEqual(await store.countByReceiver(receivers), [
        { ...nothing('a:one'), owed: 5, oldestOwedAtMs: now },
        { ...nothing('a:two'), owed: 2, oldestOwedAtMs: now + 9 },
        nothing('a:none'),
      ])
      for (const receiver of receivers) await claim(store, { receiver, nowMs: now + hour })
      const failed = (error: string, afterMs: number) =>
        ({ lastError: error, failedAtMs: now + afterMs }) as const
      await settle(store, waiting!.id, { state: 'owed', atMs: now + hour, ...failed('slow', 30) })
      await settle(store, dead!.id, { state: 'dead', atMs: now + 20, ...failed('refused', 20) })
      await settle(store, done!.id, { atMs: now + 40 })
      await settle(store, late!.id, { atMs: now + 10 })
      const one = {
        receiver: 'a:one',
        owed: 2,
        dead: 1,
        oldestOwedAtMs: now,
        lastDeliveredAtMs: now + 40,
        lastFailure: { atMs: now + 30, error: 'slow' },
      }
      const two = { ...nothing('a:two'), owed: 2, oldestOwedAtMs: now + 9 }
      assert.deepEqual(await store.countByReceiver(receivers.toReversed()), [
        nothing('a:none'),
        two,
        one,
      ])
      // What is delivered in the end has not failed.
      await claim(store, { receiver: 'a:one', nowMs: now + hour })
      await settle(store, waiting!.id, { attempts: 2, atMs: now + 50 })
      await store.retryDelivery(dead!.id, now + 60)
      assert.deepEqual(await store.countByReceiver(['a:one']), [
        {
          ...one,
          dead: 0,
          oldestOwedAtMs: now,
          lastDeliveredAtMs: now + 50,
          lastFailure: { atMs: now + 20, error: 'refused' },
        },
      ])
      assert.deepEqual(await store.countByReceiver([]), [])
      await refuses(store.countByReceiver(times(10_001, String)), 'invalid_parameter')
    },
  },
  {
    name: 'listToldClients: those with a backchannel_logout_uri, by id, behind one',
    async run({ store }) {
      const told: Client['attributes'] = {
        oauth: { backchannel_logout_uri: 'https://rp.example/' },
      }
      const others: readonly Client['attributes'][] = [
        {},
        { oauth: { grant_types: [] } },
        { note: '"backchannel_logout_uri":"https://rp.example/"' },
        { note: 'backchannel_logout_uri' },
      ]
      const those = [told, told, told, { note: '\0\uD800', ...told }].map((attributes) =>
        client({ attributes }),
      )
      for (const one of those) await store.createClient(one)
      for (const attributes of others) await store.createClient(client({ attributes }))
      const ids = those.map(({ id }) => id).toSorted()
      const found = async (after: string, limit: number) =>
        (await store.listToldClients(after, limit)).map(({ id }) => id)
      assert.deepEqual(await found('', 10), ids)
      assert.deepEqual(await found('', 2), ids.slice(0, 2))
      assert.deepEqual(await found(ids[1]!, 10), ids.slice(2))
      const [first] = await store.listToldClients('', 1)
      assert.deepEqual(first, await store.findClient({ by: 'id', value: ids[0]! }))
      await store.updateClient(ids[0]!, { attributes: {} })
      assert.deepEqual(await found('', 10), ids.slice(1))
      await refuses(store.listToldClients('', 10_001), 'invalid_parameter')
    },
  },
]
