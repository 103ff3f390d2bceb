import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { NewCanaryReport } from '../../src/protocol/canary.ts'
import { assertProblem, useApi } from './api.ts'

const receipt = { confirmed: true, acknowledged: 3, verifiers: 3, lapsed: 0, elapsedMs: 4 }
const path = {
  name: 'orders',
  kind: 'http',
  verdict: 'late',
  afterRequestMs: 45.5,
  afterAnswerMs: -0.5,
  gapMs: null,
  accepted: 3,
  refused: 2,
  failed: 0,
  detail: '',
} as const

function report(canary: string): NewCanaryReport {
  const at = '2026-11-29T21:00:00.000Z'
  return { canary, at, logoutMs: 45.9, receipt, watchMs: 5000, probeMs: 20, paths: [path] }
}

suite('/canary/reports', () => {
  const api = useApi({ oneNode: true })
  const list = async (query = '') => (await api.get(`/canary/reports${query}`)).json()

  test('keeps what was sent, newest first, page by page, for a week', async () => {
    const given = ['one', 'two', 'three'].map(report)
    for (const one of given) {
      const added = await api.post('/canary/reports', one)
      assert.equal(added.status, 201)
      const { id, receivedAt, ...kept } = added.json()
      assert.match(`${id} ${receivedAt}`, /^\d{16}-\S+ \d{4}-/)
      assert.deepEqual(kept, one)
      api.server.advance(60_000)
    }
    const names: string[] = []
    for (let query = '?limit=2'; ;) {
      const page = await list(query)
      names.push(...page.items.map(({ canary }: NewCanaryReport) => canary))
      if (page.next === null) break
      query = `?limit=2&cursor=${page.next}`
    }
    assert.deepEqual(names, ['three', 'two', 'one'])
    // Half a minute before the second, however long all that took.
    api.server.advance(7 * 86_400_000 - 150_000)
    assert.equal((await list()).items.length, 2)
    api.server.advance(600_000)
    assert.deepEqual(await list(), { items: [], next: null })
  })

  test('refuses what it does not understand, and a cursor of another list', async () => {
    const wrong = [
      { ...report('x'), token: 'x' },
      { ...report('x'), at: 'yesterday' },
      { ...report('x'), logoutMs: -1 },
      { ...report('x'), paths: [{ ...path, verdict: 'fine' }] },
      { ...report('x'), paths: [{ ...path, detail: 'a\nb' }] },
      { ...report('x'), paths: Array.from({ length: 33 }, () => path) },
    ]
    for (const body of wrong) {
      assertProblem(await api.post('/canary/reports', body), 400, 'validation-failed')
    }
    for (const cursor of ['x', Buffer.from('canary-report:\0').toString('base64url')]) {
      const refused = await api.get(`/canary/reports?cursor=${cursor}`)
      assert.deepEqual(Object.keys(assertProblem(refused, 400, 'validation-failed')), ['cursor'])
    }
  })
})

suite('/canary/reports without the demo’s limits', () => {
  const api = useApi({ oneNode: true, config: { rateLimitFactor: 1 } })

  test('takes sixty a minute', async () => {
    const statuses = new Set<number>()
    for (let count = 0; count < 60; count++) {
      statuses.add((await api.post('/canary/reports', report('x'))).status)
    }
    assert.deepEqual([...statuses], [201])
    assertProblem(await api.post('/canary/reports', report('x')), 429, 'rate-limited')
  })
})
