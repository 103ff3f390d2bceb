import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClient, type RevocationEvent } from '../../src/client/index.ts'
import { until } from '../stores/until.ts'
import { ADMIN_TOKEN, assertProblem, useApi } from './api.ts'

suite('GET /events', () => {
  const api = useApi()
  const client = () => createClient({ server: api.server.url, token: ADMIN_TOKEN })
  const end = (key: string) => api.post('/revocations', { scope: 'token', key })

  /** Reads so many events; `whenConnected` runs once the stream is open. */
  async function take(
    count: number,
    options: { after?: string; whenConnected?: () => Promise<unknown> } = {},
  ): Promise<RevocationEvent[]> {
    const stop = new AbortController()
    const events: RevocationEvent[] = []
    const { after, whenConnected } = options
    let started: Promise<unknown> | undefined
    for await (const event of client().events({
      signal: stop.signal,
      ...(after === undefined ? {} : { after }),
      onConnected() {
        started = whenConnected?.()
      },
    })) {
      events.push(event)
      if (events.length === count) break
    }
    stop.abort()
    await started
    return events
  }
  const keys = (events: readonly RevocationEvent[]) => events.map((one) => one.revocation.key)

  test('brings what is committed from now on, in order', async () => {
    await end('before')
    const events = await take(3, {
      whenConnected: async () => {
        for (const key of ['one', 'two', 'three']) await end(key)
      },
    })
    assert.deepEqual(keys(events), ['one', 'two', 'three'])
    assert.deepEqual(events[2]?.revocation, (await api.get('/revocations?limit=1')).json().items[0])
  })

  test('resumes behind the last event: nothing missing, nothing twice', async () => {
    const [first] = await take(1, { whenConnected: () => end('seen') })
    assert.ok(first)
    for (const key of ['missed-1', 'missed-2']) await end(key)
    const events = await take(3, { after: first.id, whenConnected: () => end('live') })
    assert.deepEqual(keys(events), ['missed-1', 'missed-2', 'live'])
  })

  test('begins at the beginning where the place is before it', async () => {
    const { stream } = api.server.store
    const all = (await api.get('/revocations?limit=1000')).json().items
    const events = await take(all.length, { after: `${stream}:0` })
    assert.deepEqual(
      events.map((one) => one.revocation.id),
      all.map((one: { id: string }) => one.id).reverse(),
    )
  })

  test('places that this server never gave out are refused', async () => {
    for (const place of ['x', 'node-1', 'node-1:-1', 'node-1:1:2', '%zz:1', ',', 'a:1,,b:2']) {
      assertProblem(await api.get('/events', { 'last-event-id': place }), 400, 'validation-failed')
    }
    assertProblem(await api.get('/events?after=1'), 400, 'validation-failed')
  })

  test('a listener that goes away is forgotten', async () => {
    const { store } = api.server
    const original = store.onCommitted.bind(store)
    let subscribed = 0
    const counting = (listener: Parameters<typeof original>[0]): (() => void) => {
      subscribed++
      const unsubscribe = original(listener)
      return () => {
        subscribed--
        unsubscribe()
      }
    }
    Object.assign(store, { onCommitted: counting })
    try {
      const response = await fetch(`${api.server.url}/outright/v1/events`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      })
      const reader = response.body?.getReader()
      await reader?.read()
      assert.equal(subscribed, 1)
      await reader?.cancel()
      await until(() => subscribed === 0)
    } finally {
      Object.assign(store, { onCommitted: original })
    }
  })
})

test('event streams end when the server stops', async (context) => {
  const { startTestServer } = await import('../harness.ts')
  const server = await startTestServer()
  const response = await fetch(`${server.url}/outright/v1/events`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  assert.equal(response.status, 200)
  const read = response.text()
  const closed = server.close()
  assert.match(await read, /^: following\n/)
  await closed
  context.diagnostic('closed')
})
