import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { v7 } from 'uuid'
import { DEMO_GUARD_CREDENTIAL } from '../../src/http/surfaces/feed/index.ts'
import { assertProblem, useApi } from './api.ts'

const day = 86_400_000

suite('POST /audit/cut', () => {
  const api = useApi()

  async function end(atMs: number): Promise<string> {
    const id = v7({ msecs: atMs })
    const command = { id, scope: 'token', key: id, reason: 'logout' } as const
    await api.server.store.revoke({ ...command, actor: 'system', note: '', atMs })
    return id
  }

  async function verdict() {
    const lines = (await api.get('/audit/verify')).text.trim().split('\n')
    return JSON.parse(lines.at(-1) ?? '')
  }

  /** Again until deliveries have been planned that far. */
  async function cut(before: string): Promise<number> {
    for (let removed = 0; ;) {
      const reply = await api.post('/audit/cut', { before })
      assert.equal(reply.status, 200, reply.text)
      const { streams, done } = reply.json()
      removed += streams[0].removed
      if (removed > 0 && done === true) return removed
    }
  }

  test('old entries go, and a caller who asks for one is told where the log was cut', async () => {
    const now = Date.now()
    const before = new Date(now - 50 * day).toISOString()
    const old = [await end(now - 100 * day), await end(now - 99 * day), await end(now - 98 * day)]
    const recent = await end(now)
    assert.equal((await verdict()).from, undefined)
    const detail = await api.get(`/revocations/${old[0]}`)
    assert.equal(detail.status, 200)

    assert.equal(await cut(before), 3)
    const { stream } = api.server.store
    const { ok, entries, from } = await verdict()
    assert.equal(ok, true)
    assert.equal(entries, 1)
    const { hash, at, seal, ...rest } = from[stream]
    assert.ok(hash.length === 43 && seal.length === 43 && Date.parse(at) >= now)
    const actor = 'operator:admin-token'
    assert.deepEqual(rest, { sequence: 3, removed: 3, kept: 0, before, actor })

    for (const id of old) {
      const reply = await api.get(`/revocations/${id}`)
      assertProblem(reply, 410, 'cut-from-the-log')
      assert.match(reply.json().detail, new RegExp(`older than ${before} and over is gone`))
    }
    assert.equal((await api.get(`/revocations/${recent}`)).status, 200)
    assertProblem(await api.get(`/revocations/${v7()}`), 404, 'not-found')
    assertProblem(await api.get('/revocations/nothing'), 404, 'not-found')

    // Who follows the log over plain HTTP and is behind the cut takes a snapshot.
    const headers = { authorization: `Bearer ${DEMO_GUARD_CREDENTIAL}` }
    const log = (after: number) => api.get(`/log?after=${String(after)}`, headers)
    assertProblem(await log(2), 410, 'cut-from-the-log')
    assert.equal((await log(3)).status, 200)
  })

  test('a dry run counts and cuts nothing', async () => {
    const before = new Date(Date.now() - 2 * day).toISOString()
    const entries = (await verdict()).entries
    const reply = await api.post('/audit/cut', { before, dryRun: true })
    assert.deepEqual([reply.json().dryRun, reply.json().done], [true, true])
    assert.equal((await verdict()).entries, entries)
  })

  test('refuses what is not a time, and what is not a day old', async () => {
    for (const body of [
      {},
      { before: 'soon' },
      { before: new Date().toISOString() },
      { before: 5 },
    ]) {
      const problems = assertProblem(await api.post('/audit/cut', body), 400, 'validation-failed')
      assert.ok(problems['#/before'] !== undefined, JSON.stringify(problems))
    }
    assertProblem(
      await api.post('/audit/cut?x=1', { before: '2020-01-01' }),
      400,
      'validation-failed',
    )
  })
})
