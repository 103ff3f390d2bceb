import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem, useApi } from './api.ts'

const HOUR_MS = 3_600_000

suite('/sessions', () => {
  const api = useApi()
  const sids = async (query: string) =>
    (await api.get(`/sessions${query}`)).json().items.map((one: { sid: string }) => one.sid)

  test('lists by subject, client, dialect and life, newest first', async () => {
    const first = await api.login()
    const second = await api.login()
    await api.server.core.openSession({
      subjectId: 'client:42',
      clientId: '42',
      deviceKey: 'till-7',
      dialect: 'octopus',
      audience: 'octopus',
      accessLifetimeMs: HOUR_MS,
    })
    assert.deepEqual(await sids('?subject=maria'), [second.sid, first.sid])
    assert.deepEqual(await sids('?client=directlink'), [second.sid, first.sid])
    assert.equal((await sids('?dialect=octopus')).length, 1)
    assert.equal((await sids('?device=till-7')).length, 1)
    assert.deepEqual(await sids('?device=till-7&subject=maria'), [])
    assert.equal((await sids('')).length, 3)

    await api.delete(`/sessions/${first.sid}`)
    assert.deepEqual(await sids('?subject=maria&live=true'), [second.sid])
    assert.deepEqual(await sids('?subject=maria&live=false'), [second.sid, first.sid])
  })

  test('says what the person and the client are called, where they are listed', async () => {
    const { sid } = await api.login()
    const { items } = (await api.get('/sessions?subject=maria&limit=1')).json()
    assert.deepEqual([items[0].subjectName, items[0].clientName], ['Maria', 'DirectLink'])
    assert.equal(items[0].participants[0].clientName, 'DirectLink')
    const one = (await api.get(`/sessions/${sid}`)).json()
    assert.deepEqual([one.subjectName, one.clientName], ['Maria', 'DirectLink'])
    const dry = await api.post('/revocations', { scope: 'subject', key: 'maria', dryRun: true })
    const { clients, sample } = dry.json()
    assert.deepEqual([clients[0].clientName, sample[0].subjectName], ['DirectLink', 'Maria'])
    const open = async (subjectId: string, clientId: string) => {
      const { session } = await api.server.core.openSession({
        subjectId,
        clientId,
        dialect: 'octopus',
        audience: 'octopus',
        accessLifetimeMs: HOUR_MS,
      })
      const { subjectName, clientName } = (await api.get(`/sessions/${session.sid}`)).json()
      return [subjectName, clientName]
    }
    assert.deepEqual(await open('client:directlink', 'directlink'), ['DirectLink', 'DirectLink'])
    assert.deepEqual(await open('never-listed', 'gone'), [null, null])
  })

  test('shows one with its state: live, revoked by itself, revoked from above', async () => {
    const state = async (sid: string) => (await api.get(`/sessions/${sid}`)).json().state
    const { sid } = await api.login()
    const { token, sid: other } = await api.login()
    assert.equal(await state(sid), 'live')
    await api.delete(`/sessions/${sid}`)
    assert.equal(await state(sid), 'revoked')
    assert.equal(await state(other), 'live')
    assert.equal(await api.accepts(token), true)
    await api.post('/revocations', { scope: 'subject', key: 'maria' })
    assert.equal(await state(other), 'revoked')
    assert.equal(await api.accepts(token), false)
  })

  test('DELETE ends it everywhere and can be repeated', async () => {
    const { token, sid } = await api.login()
    const first = await api.delete(`/sessions/${sid}`)
    assert.equal(first.status, 200)
    assert.equal(first.json().receipt.confirmed, true)
    assert.ok(first.headers['outright-revocation'])
    assert.equal(await api.accepts(token), false)
    const second = await api.delete(`/sessions/${sid}`)
    assert.equal(second.status, 200)
    assert.equal(second.json().added, false)
  })

  test('a session that is unknown is 404', async () => {
    assertProblem(await api.get('/sessions/nobody'), 404, 'not-found')
    assertProblem(await api.delete('/sessions/nobody'), 404, 'not-found')
    for (const odd of [
      '%00',
      '%F0%9F%98%80',
      'x'.repeat(500),
      "';DROP%20TABLE%20sessions--",
      '..%2f',
    ]) {
      assertProblem(await api.get(`/sessions/${odd}`), 404, 'not-found')
    }
  })

  test('filters that are unknown or odd are refused', async () => {
    for (const query of ['live=yes', 'user=maria', 'subject=', 'subject=a&subject=b']) {
      assertProblem(await api.get(`/sessions?${query}`), 400, 'validation-failed')
    }
  })

  test('an expired session is shown as such', async () => {
    const { sid } = await api.login()
    api.server.advance(400 * 24 * HOUR_MS)
    const reply = await api.get(`/sessions/${sid}`)
    // Swept away in the meantime is right as well.
    if (reply.status === 200) assert.equal(reply.json().state, 'expired')
    assert.deepEqual(await sids('?live=true'), [])
  })
})
