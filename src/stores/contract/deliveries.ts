import assert from 'node:assert/strict'
import {
  DEAD_KEPT_MS,
  DELIVERED_KEPT_MS,
  MAX_COUNTED_STEP_MS,
  MAX_DUE_MS,
} from '../../ports/delivery.ts'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { claim, end, login, owe, owed, planAll, settle } from './delivery-samples.ts'
import { allPages, mintId, now, refuses, times } from './samples.ts'

const hour = 3_600_000

const sending: readonly Check[] = [
  {
    name: 'dueReceivers: those that something is due for, by name',
    async run({ store }) {
      const receivers = ['mvpd:two', 'mvpd:one', 'signals:x', 'mvpd:one']
      await owe(store, ...receivers.map((receiver) => owed({ receiver })))
      await owe(store, owed({ receiver: 'mvpd:later', createdAtMs: now + 1 }))
      const names = ['mvpd:one', 'mvpd:two', 'signals:x']
      assert.deepEqual(await store.dueReceivers(now, 100), names)
      assert.deepEqual(await store.dueReceivers(now, 2), names.slice(0, 2))
      await claim(store)
      assert.deepEqual(await store.dueReceivers(now, 100), names.slice(1))
      assert.deepEqual(await store.dueReceivers(now - 1, 100), [])
    },
  },
  {
    name: 'claimDeliveries: each to one of many callers, the longest due first, counted',
    async run({ store }) {
      const deliveries = times(60, (index) => owed({ createdAtMs: now - 60 + index }))
      await owe(store, ...deliveries, owed({ receiver: 'mvpd:two' }))
      const [first] = await claim(store, { limit: 1 })
      assert.deepEqual(first, {
        ...deliveries[0],
        state: 'claimed',
        attempts: 1,
        dueAtMs: now + 30_000,
        claimedBy: 'a',
        lastError: undefined,
        failedAtMs: undefined,
        settledAtMs: undefined,
      })
      const claims = await Promise.all(times(20, (index) => claim(store, { limit: index + 1 })))
      const ids = claims.flat().map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length, 'none is claimed twice')
      assert.deepEqual(
        ids.toSorted(),
        deliveries
          .slice(1)
          .map(({ id }) => id)
          .toSorted(),
      )
    },
  },
  {
    name: 'claimDeliveries: a claim ends with its lease, and another node takes over',
    async run({ store }) {
      const one = owed()
      await owe(store, one)
      await claim(store)
      assert.deepEqual(await claim(store, { claimedBy: 'b', nowMs: now + 29_999 }), [])
      const [taken] = await claim(store, { claimedBy: 'b', nowMs: now + 30_000 })
      assert.deepEqual([taken?.id, taken?.attempts, taken?.claimedBy], [one.id, 2, 'b'])
      assert.equal(await settle(store, one.id), false, 'the claim of the first has ended')
      assert.equal((await store.findDelivery(one.id))?.state, 'claimed')
      assert.equal(await settle(store, one.id, { claimedBy: 'b' }), true)
    },
  },
  {
    name: 'claimDeliveries: of one subject only the oldest, until it is settled',
    async run({ store }) {
      const subject = 'maria'
      const [first, second, third] = [owed({ subject }), owed({ subject }), owed({ subject })]
      const others = [owed(), owed({ subject, receiver: 'mvpd:two' })]
      await owe(store, first, second, third, ...others)
      const ids = async (nowMs = now) => (await claim(store, { nowMs })).map(({ id }) => id)
      assert.deepEqual(await ids(), [first.id, others[0]?.id])
      const again = { state: 'owed', atMs: now + hour, lastError: 'x' } as const
      await settle(store, first.id, again)
      assert.deepEqual(await ids(), [], 'a pause does not let it overtake')
      assert.deepEqual(await ids(now + hour), [first.id, others[0]?.id])
      await settle(store, first.id, { state: 'dead', lastError: 'x' })
      assert.deepEqual(await ids(), [second.id])
      await settle(store, second.id)
      assert.deepEqual(await ids(), [third.id])
    },
  },
  {
    name: 'claimDeliveries: a time that is further ahead than any pause was a wrong clock’s',
    async run({ store }) {
      const [near, far] = [owed(), owed()]
      await owe(store, near, far)
      await claim(store)
      const again = { state: 'owed', lastError: 'x' } as const
      await settle(store, near.id, { ...again, atMs: now + MAX_DUE_MS })
      await settle(store, far.id, { ...again, atMs: now + MAX_DUE_MS + 1 })
      assert.deepEqual(await store.dueReceivers(now, 10), ['mvpd:one'])
      assert.deepEqual(
        (await claim(store)).map(({ id }) => id),
        [far.id],
      )
    },
  },
  {
    name: 'settleDelivery: keeps why it failed, and when it is tried again',
    async run({ store }) {
      const one = owed()
      await owe(store, one)
      await claim(store)
      const lastError = 'it answered 503 ü'
      const failedAtMs = now + 7
      const again = { state: 'owed', atMs: now + hour, lastError, failedAtMs } as const
      assert.equal(await settle(store, one.id, again), true)
      assert.equal(await settle(store, one.id), false, 'settled once')
      assert.deepEqual(await store.findDelivery(one.id), {
        ...one,
        state: 'owed',
        attempts: 1,
        dueAtMs: now + hour,
        claimedBy: undefined,
        lastError,
        failedAtMs,
        settledAtMs: undefined,
      })
      assert.deepEqual(await claim(store, { nowMs: now + hour - 1 }), [])
      assert.equal((await claim(store, { nowMs: now + hour })).length, 1)
    },
  },
  {
    name: 'retryDelivery: what is dead is due anew; what is claimed or delivered stays',
    async run({ store }) {
      const [dead, done, claimed] = [owed(), owed(), owed()]
      await owe(store, dead, done, claimed)
      await claim(store)
      await settle(store, dead.id, { state: 'dead', attempts: 9, lastError: 'x' })
      await settle(store, done.id)
      const again = await store.retryDelivery(dead.id, now + 5)
      assert.deepEqual(
        [again?.state, again?.attempts, again?.dueAtMs, again?.settledAtMs],
        ['owed', 0, now + 5, undefined],
      )
      assert.equal((await store.retryDelivery(done.id, now))?.state, 'delivered')
      assert.equal((await store.retryDelivery(claimed.id, now))?.state, 'claimed')
      assert.equal(await store.retryDelivery(mintId(), now), undefined)
      assert.equal((await claim(store, { nowMs: now + 5 }))[0]?.id, dead.id)
    },
  },
  {
    name: 'listDeliveries: newest first, in pages, by state, receiver and revocation; and counted',
    async run({ store }) {
      const one = times(5, (index) => owed({ createdAtMs: now + index }))
      const revocationId = mintId()
      const two = times(4, () => owed({ receiver: 'mvpd:two', createdAtMs: now + 9, revocationId }))
      await owe(store, ...one, ...two)
      await claim(store, { nowMs: now + 9 })
      await settle(store, one[0]!.id)
      await settle(store, one[1]!.id, { state: 'dead', lastError: 'x' })
      const ids = async (filter: Parameters<Store['listDeliveries']>[0]) =>
        (await allPages((page) => store.listDeliveries(filter, page), 2)).map(({ id }) => id)
      const newest = [...one, ...two].map(({ id }) => id).toReversed()
      assert.deepEqual(await ids({}), newest)
      assert.deepEqual(await ids({ receiver: 'mvpd:two' }), newest.slice(0, 4))
      assert.deepEqual(await ids({ state: 'dead' }), [one[1]?.id])
      assert.deepEqual(await ids({ revocationId }), newest.slice(0, 4))
      assert.deepEqual(await ids({ revocationId, receiver: 'mvpd:one' }), [])
      assert.deepEqual(await ids({ state: 'owed', receiver: 'mvpd:one' }), [])
      assert.deepEqual(await ids({ state: 'claimed' }), newest.slice(4, 7))
      assert.deepEqual(await store.countDeliveries(), { owed: 7, dead: 1, oldestOwedAtMs: now + 2 })
      const page = { limit: 1, cursor: 'x' }
      await refuses(store.listDeliveries({}, page), 'invalid_parameter')
      assert.equal(await store.findDelivery(mintId()), undefined)
    },
  },
]

/**
 * Sweeps often enough for all the time to count, up to a time.
 *
 * @param behindMs By how much the time of another node is behind that sweeps as well. Default:
 *   there is none.
 * @returns How many deliveries were removed.
 */
function sweeper(store: Store, behindMs = 0): (untilMs: number) => Promise<number> {
  let atMs = now
  return async (untilMs) => {
    let removed = 0
    do {
      atMs = Math.min(atMs + MAX_COUNTED_STEP_MS, untilMs)
      removed += (await store.sweep(atMs, 100)).deliveries
      if (behindMs > 0) removed += (await store.sweep(atMs - behindMs, 100)).deliveries
    } while (atMs < untilMs)
    return removed
  }
}

const keeping: readonly Check[] = [
  {
    name: 'sweep: keeps sessions that an entry may have ended which is not planned yet',
    async run({ store }) {
      const sid = await login(store, { expiresAtMs: now + 5 })
      await end(store, 'device', 'box', now + 5)
      assert.equal((await store.sweep(now + hour, 100)).sessions, 0)
      assert.deepEqual(await planAll(store), [sid])
      assert.equal((await store.sweep(now + hour, 100)).sessions, 1)
    },
  },
  {
    name: 'sweep: removes deliveries that were settled long ago, dead ones later, owed ones never',
    async run({ store }) {
      const [delivered, dead, waiting] = [owed(), owed(), owed()]
      await owe(store, delivered, dead, waiting)
      await claim(store)
      await settle(store, delivered.id)
      await settle(store, dead.id, { state: 'dead', lastError: 'x' })
      const swept = sweeper(store)
      assert.equal(await swept(now), 0)
      assert.equal(await swept(now + DELIVERED_KEPT_MS), 0)
      assert.equal(await swept(now + DELIVERED_KEPT_MS + 1), 1)
      assert.equal(await store.findDelivery(delivered.id), undefined)
      assert.equal(await swept(now + DEAD_KEPT_MS), 0)
      assert.equal(await swept(now + DEAD_KEPT_MS + 1), 1)
      assert.equal(await swept(now + 2 * DEAD_KEPT_MS), 0)
      assert.ok(await store.findDelivery(waiting.id))
    },
  },
  {
    name: 'sweep: keeps what a node settled whose clock was years behind, and what is tried again',
    async run({ store }) {
      const [dead, again] = [owed(), owed()]
      await owe(store, dead, again)
      await claim(store)
      const wrong = { state: 'dead', atMs: now - 10 * DEAD_KEPT_MS, lastError: 'x' } as const
      await settle(store, dead.id, wrong)
      await settle(store, again.id, wrong)
      const swept = sweeper(store)
      assert.equal(await swept(now), 0)
      await store.retryDelivery(again.id, now)
      assert.equal(await swept(now + DEAD_KEPT_MS), 0)
      assert.equal(await swept(now + DEAD_KEPT_MS + 1), 1)
      assert.equal(await store.findDelivery(dead.id), undefined)
      assert.equal((await store.findDelivery(again.id))?.state, 'owed')
    },
  },
  {
    name: 'sweep: keeps a delivery for as long, though nodes sweep by times that are years apart',
    async run({ store }) {
      const dead = owed()
      await owe(store, dead)
      await claim(store)
      await settle(store, dead.id, { state: 'dead', lastError: 'x' })
      const behindMs = 2 * DEAD_KEPT_MS
      // The node that finds it is years behind; so is one that goes on sweeping.
      await store.sweep(now - behindMs, 100)
      const swept = sweeper(store, behindMs)
      assert.equal(await swept(now), 0)
      // The jump to the right time counts as a day.
      assert.equal(await swept(now + DEAD_KEPT_MS - MAX_COUNTED_STEP_MS), 0)
      assert.ok(await store.findDelivery(dead.id))
      assert.equal(await swept(now + DEAD_KEPT_MS - MAX_COUNTED_STEP_MS + 1), 1)
    },
  },
  {
    name: 'sweep: a long time in which nothing swept counts as a day',
    async run({ store }) {
      const delivered = owed()
      await owe(store, delivered)
      await claim(store)
      await settle(store, delivered.id)
      await store.sweep(now, 100)
      await store.sweep(now + 2 * DELIVERED_KEPT_MS, 100)
      assert.equal((await store.findDelivery(delivered.id))?.state, 'delivered')
    },
  },
  {
    name: 'durable: deliveries and cursors are there after opening again',
    async run(subject) {
      const { store } = subject
      const [delivered, waiting, claimed] = [owed(), owed({ createdAtMs: now + 1 }), owed()]
      await owe(store, delivered, claimed, waiting)
      await claim(store)
      await settle(store, delivered.id)
      const reopened = await subject.reopen()
      assert.equal((await reopened.findDelivery(delivered.id))?.state, 'delivered')
      assert.equal((await reopened.findDelivery(waiting.id))?.state, 'owed')
      const late = { nowMs: now + 30_000, claimedBy: 'b' }
      const taken = (await claim(reopened, late)).map(({ id }) => id)
      assert.deepEqual(taken.toSorted(), [waiting.id, claimed.id].toSorted())
      assert.deepEqual(await planAll(reopened), [])
    },
  },
]

export const deliveryChecks: readonly Check[] = [...sending, ...keeping]
