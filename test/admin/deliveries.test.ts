import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { assertProblem, useApi } from './api.ts'
import { oweDelivery } from './deliveries.ts'

suite('/deliveries', () => {
  const api = useApi()
  const list = async (query: string) => (await api.get(`/deliveries${query}`)).json()

  /** One that was given up, as a node that sends it would. */
  async function deadDelivery(receiver: string): Promise<string> {
    const { store } = api.server
    const id = await oweDelivery(store, { receiver })
    const claim = { receiver, claimedBy: 'test', nowMs: Date.now(), leaseMs: 60_000, limit: 1 }
    await store.claimDeliveries(claim)
    const atMs = Date.now()
    const failed = { state: 'dead', attempts: 1, atMs, lastError: 'x', failedAtMs: atMs } as const
    await store.settleDelivery({ id, claimedBy: 'test', ...failed })
    return id
  }

  test('lists newest first, by state and receiver, page by page', async () => {
    const first = await oweDelivery(api.server.store, { receiver: 'a:one' })
    const second = await oweDelivery(api.server.store, { receiver: 'a:two' })
    const dead = await deadDelivery('a:three')
    const ids = async (query: string) =>
      (await list(query)).items.map(({ id }: { id: string }) => id)
    assert.deepEqual(await ids(''), [dead, second, first])
    assert.deepEqual(await ids('?state=owed'), [second, first])
    assert.deepEqual(await ids('?receiver=a:one'), [first])
    const { items, next } = await list('?limit=2')
    assert.equal(items.length, 2)
    assert.deepEqual(await ids(`?limit=2&cursor=${next}`), [first])
    const [shown] = (await list('?state=dead')).items
    assert.deepEqual(
      [shown.receiver, shown.attempts, shown.lastError, shown.nextAttemptAt, shown.facts],
      ['a:three', 1, 'x', null, { userId: 'maria' }],
    )
  })

  test('retry makes a dead one due; twice is once', async () => {
    const id = await deadDelivery('b:one')
    for (let turn = 0; turn < 2; turn++) {
      const { state, attempts, settledAt } = (await api.post(`/deliveries/${id}/retry`)).json()
      assert.deepEqual([state, attempts, settledAt], ['owed', 0, null])
    }
  })

  test('refuses what is not a state, what is not known, and what was delivered', async () => {
    assertProblem(await api.get('/deliveries?state=lost'), 400, 'validation-failed')
    assertProblem(await api.get('/deliveries?cursor=x'), 400, 'validation-failed')
    assertProblem(await api.get('/deliveries?who=x'), 400, 'validation-failed')
    assertProblem(await api.post(`/deliveries/${randomUUID()}/retry`), 404, 'not-found')
    const { store } = api.server
    const id = await oweDelivery(store, { receiver: 'c:one' })
    const claim = { claimedBy: 'test', nowMs: Date.now(), leaseMs: 60_000, limit: 1 }
    await store.claimDeliveries({ receiver: 'c:one', ...claim })
    const settlement = { state: 'delivered', attempts: 1, atMs: 1, lastError: undefined } as const
    await store.settleDelivery({ id, claimedBy: 'test', failedAtMs: undefined, ...settlement })
    assertProblem(await api.post(`/deliveries/${id}/retry`), 409, 'conflict')
  })
})
