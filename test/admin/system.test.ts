import assert from 'node:assert/strict'
import { writeFile, mkdtemp, rm, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { ADMIN_TOKEN, assertProblem, useApi } from './api.ts'

suite('/verifiers, /keys, /audit/verify, /backup', () => {
  const api = useApi()
  const authorization = `Bearer ${ADMIN_TOKEN}`

  test('the node itself is a verifier', async () => {
    const { items, next } = (await api.get('/verifiers')).json()
    assert.equal(next, null)
    assert.equal(items.length, 1)
    assert.equal(items[0].kind, 'node')
    assert.equal(items[0].fresh, true)
    assert.deepEqual([items[0].behind, items[0].lagMs], [0, 0])
    assertProblem(await api.get('/verifiers?x=1'), 400, 'validation-failed')
  })

  test('every API that a session or a client can be of is listed, with its title', async () => {
    const { items, next } = (await api.get('/dialects')).json()
    assert.equal(next, null)
    const named = (name: string) => items.find((one: { name: string }) => one.name === name)
    assert.deepEqual(named('baanx-oauth'), {
      name: 'baanx-oauth',
      title: 'Baanx OAuth',
      ofClients: true,
    })
    assert.deepEqual([named('octopus').title, named('oauth').ofClients], ['Octopus', true])
    assert.deepEqual(named('outright:console'), {
      name: 'outright:console',
      title: 'Console',
      ofClients: false,
    })
    await api.login()
    const [{ dialect }] = (await api.get('/sessions?limit=1')).json().items
    assert.ok(named(dialect))
  })

  test('keys rotate, tokens of the old one stay good, private parts are never shown', async () => {
    const { token } = await api.login()
    const [before] = (await api.get('/keys')).json().items
    assert.equal(before.state, 'signing')
    const rotated = await api.post('/keys/rotate')
    assert.equal(rotated.status, 201)
    const listed = await api.get('/keys')
    const [first, second] = listed.json().items
    assert.equal(first.kid, rotated.json().kid)
    assert.equal(first.state, 'signing')
    assert.equal(second.kid, before.kid)
    assert.equal(second.state, 'retired')
    assert.ok(Date.parse(second.removeAfter) > Date.parse(second.retiredAt))
    assert.ok(!/"d"|privateJwk|"kty"/.test(listed.text))
    assert.equal(await api.accepts(token), true)
    assert.equal(await api.accepts((await api.login()).token), true)
  })

  test('a key that is removed ends its tokens, is published no more, and is in the log', async () => {
    const { token } = await api.login()
    const { kid } = decodeProtectedHeader(token)
    const removed = await api.delete(`/keys/${kid}`)
    assert.equal(removed.status, 200)
    assert.match(removed.headers['outright-confirmed'] ?? '', /^(\d)\/\1;lapsed=0;/)
    assert.equal(await api.accepts(token), false)
    assert.equal(await api.accepts((await api.login()).token), true)
    const listed = (await api.get('/keys')).json().items as { kid: string; state: string }[]
    assert.equal(listed.find((key) => key.kid === kid)?.state, 'removed')
    assert.equal(listed.filter(({ state }) => state === 'signing').length, 1)
    const [first] = listed
    const published = (await api.server.call('GET', '/.well-known/jwks.json')).json().keys
    assert.ok(published.some((key: { kid: string }) => key.kid === first?.kid))
    assert.ok(!published.some((key: { kid: string }) => key.kid === kid))
    const again = await api.delete(`/keys/${kid}`)
    assert.equal(again.json().added, false)
    const { items } = (await api.get('/revocations?scope=signing_key')).json()
    assert.equal(items.length, 1)
    assert.equal(items[0].key, kid)
    assert.equal(items[0].actor, removed.json().revocation.actor)
  })

  test('keys that are not there, and queries, are refused', async () => {
    assertProblem(await api.delete('/keys/nobody'), 404, 'not-found')
    assertProblem(await api.delete('/keys/nobody?x=1'), 400, 'validation-failed')
    const body = { scope: 'signing_key', key: 'nobody' }
    assertProblem(await api.post('/revocations', body), 400, 'validation-failed')
  })

  test('the log verifies, with its head', async () => {
    for (const key of ['a', 'b', 'c']) await api.post('/revocations', { scope: 'token', key })
    const reply = await api.get('/audit/verify')
    assert.equal(reply.status, 200)
    assert.match(reply.headers['content-type'] ?? '', /^application\/x-ndjson/)
    const lines = reply.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const verdict = lines.at(-1)
    assert.equal(verdict.ok, true)
    const [newest] = (await api.get('/revocations?limit=1')).json().items
    assert.deepEqual(verdict.head[newest.stream], { sequence: newest.sequence, hash: newest.hash })
    assert.equal(verdict.entries, newest.sequence)
    assert.ok(lines.slice(0, -1).every((line) => line.checked <= line.of))
  })

  test('a backup is a whole database that opens, and leaves nothing behind', async () => {
    const response = await fetch(`${api.server.url}/outright/v1/backup`, {
      headers: { authorization },
    })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/octet-stream')
    const bytes = Buffer.from(await response.arrayBuffer())
    assert.equal(Number(response.headers.get('content-length')), bytes.length)
    const folder = await mkdtemp(join(tmpdir(), 'outright-backup-test-'))
    try {
      const file = join(folder, 'copy.db')
      await writeFile(file, bytes)
      const database = new DatabaseSync(file, { readOnly: true })
      assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
      database.close()
      assert.deepEqual(await readdir(folder), ['copy.db'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
