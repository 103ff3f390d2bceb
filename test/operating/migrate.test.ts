/** `outright migrate` on real databases. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { openNode } from '../stores/temporary-postgres.ts'
import { outright, withFolder } from './doctor.ts'

describe('outright migrate on SQLite', () => {
  const open = (data: string) =>
    openSqliteStore({ path: join(data, 'outright.db'), stream: 'node-1', durability: 'full' })

  test('an empty file gets every step, a dry run none; the second time there is nothing to do', () =>
    withFolder(async (data) => {
      const path = join(data, 'outright.db')
      new DatabaseSync(path).exec('VACUUM')
      const dry = await outright(['migrate', '--data', data, '--dry-run'])
      assert.match(dry.out, /^would apply steps? 1 \(first\)/)
      const first = await outright(['migrate', '--data', data, '--json'])
      assert.deepEqual((JSON.parse(first.out) as { steps: object[] }).steps[0], {
        number: 1,
        name: 'first',
      })
      const second = await outright(['migrate', '--data', data])
      assert.match(second.out, /^nothing to do: the schema is at step \d+$/m)
      assert.equal(second.code, 0)
    }))

  test('refuses a folder without a database, and makes none', () =>
    withFolder(async (data) => {
      const { code, err } = await outright(['migrate', '--data', data])
      assert.equal(code, 1)
      assert.match(err, /^outright: cannot migrate .*: there is no such database$/m)
      assert.equal(existsSync(join(data, 'outright.db')), false)
    }))

  test('refuses a database that a server uses', () =>
    withFolder(async (data) => {
      const store = await open(data)
      const { code, err } = await outright(['migrate', '--data', data])
      await store.close()
      assert.equal(code, 1)
      assert.match(err, /^outright: cannot migrate .*outright\.db: another process is using it$/m)
      assert.equal((await outright(['migrate', '--data', data])).code, 0)
    }))

  test('refuses what a newer version wrote, and leaves it as it is', () =>
    withFolder(async (data) => {
      await (await open(data)).close()
      const database = new DatabaseSync(join(data, 'outright.db'))
      database.exec(`INSERT INTO schema_migrations VALUES (1000, 'newer')`)
      database.close()
      const { code, err } = await outright(['migrate', '--data', data])
      assert.equal(code, 1)
      assert.match(err, /number 1000/)
    }))
})

describe('outright migrate on PostgreSQL', () => {
  let server: TestPostgres
  before(async () => {
    server = await startPostgres()
  })
  after(() => server.stop())

  async function tables(url: string): Promise<number> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'public'`,
    )
    await client.end()
    return rows[0]?.count ?? 0
  }

  test('an empty database gets every step, a dry run touches nothing', async () => {
    const url = await server.createDatabase()
    const env = { OUTRIGHT_DATABASE_URL: url }
    assert.match((await outright(['migrate', '--dry-run'], env)).out, /^would apply step/)
    assert.equal(await tables(url), 0)
    assert.match((await outright(['migrate'], env)).out, /^applied steps? 1 \(first\)/)
    assert.match((await outright(['migrate'], env)).out, /^nothing to do/)
  })

  test('four at once do it once', async () => {
    const url = await server.createDatabase()
    const runs = await Promise.all(
      [1, 2, 3, 4].map(() => outright(['migrate', '--database-url', url])),
    )
    assert.deepEqual(
      runs.map(({ code, err }) => [code, err]),
      runs.map(() => [0, '']),
    )
    // Each says what it did itself.
    const said = runs.flatMap(({ out }) => out.match(/\d+ \([\w -]+\)/g) ?? [])
    assert.ok(said.includes('1 (first)'))
    assert.equal(new Set(said).size, said.length)
  })

  test('nodes go on serving meanwhile', async () => {
    const url = await server.createDatabase()
    const store = await openNode(url, 'node-1')
    try {
      const serving = Array.from({ length: 20 }, (_, index) =>
        store.putTicket({ kind: 'k', key: String(index), value: '1', expiresAtMs: 1 }),
      )
      const [migrated] = await Promise.all([
        outright(['migrate', '--database-url', url]),
        ...serving,
      ])
      assert.equal(migrated.code, 0)
      assert.equal((await store.listTickets('k', '', 100)).length, 20)
    } finally {
      await store.close()
    }
  })

  test('a server that is not there', async () => {
    const url = 'postgres://outright:very-secret@127.0.0.1:1/none'
    const { code, err } = await outright(['migrate', '--database-url', url])
    assert.equal(code, 1)
    assert.equal(err.includes('very-secret'), false)
  })
})
