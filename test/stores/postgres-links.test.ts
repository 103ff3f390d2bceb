/** What a logout looks up does not wait behind the lists of others. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../../src/testing/postgres.ts'
import type { PostgresStore } from '../../src/stores/postgres/store.ts'
import { openNode } from './temporary-postgres.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
const page = { limit: 1, cursor: undefined }
let store: PostgresStore
let other: pg.Client

before(async () => {
  const url = await server.createDatabase()
  store = await openNode(url, 'node-1')
  other = new pg.Client({ connectionString: url })
  await other.connect()
})

after(async () => {
  await other.end()
  await store.close()
  await server.stop()
})

test('what is looked up by key is answered while a list is not', async () => {
  await other.query('BEGIN')
  await other.query('LOCK TABLE subjects IN ACCESS EXCLUSIVE MODE')
  let isListed = false
  const list = store.listSubjects(page).finally(() => {
    isListed = true
  })
  const lookups = [
    store.listRevocations({ scope: 'session', key: 'one', issuer: '' }, page),
    store.listSessions({ deviceKey: 'tv' }, 0, page),
    store.listSessions({ sid: 'one' }, 0, page),
  ]
  const ending = store.findEnding([{ scope: 'session', key: 'one', fromGeneration: 0 }])
  for (const { items } of await Promise.all<{ readonly items: readonly unknown[] }>(lookups)) {
    assert.deepEqual(items, [])
  }
  assert.equal(await ending, undefined)
  assert.equal(isListed, false)
  await other.query('COMMIT')
  assert.deepEqual((await list).items, [])
})
