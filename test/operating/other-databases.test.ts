/**
 * A database that says that it is CockroachDB: what every command finds out by itself, and does
 * without. It is PostgreSQL, so this shows what is chosen and sent, and not how it is answered.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import { openWithToken, revocation } from '../../src/stores/contract/samples.ts'
import { createNodeLeases } from '../../src/stores/postgres/node-lease.ts'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { recordStatements, refusalsOf, schemaInTransaction } from '../stores/refused-sql.ts'
import { openNode } from '../stores/temporary-postgres.ts'
import { finding, findings, outright, withFolder } from './doctor.ts'

const VERSION = 'CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/23 15:14:02, go1.23.7)'

let server: TestPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server.stop())

async function ask(url: string, ...texts: readonly string[]): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: readonly unknown[] = []
    for (const text of texts) ({ rows } = await client.query<Record<string, unknown>>(text))
    return rows
  } finally {
    await client.end()
  }
}

/** An empty database whose sessions find another `version()` before PostgreSQL's. */
async function pretending(): Promise<string> {
  const url = await server.createDatabase()
  const name = new URL(url).pathname.slice(1)
  await ask(
    url,
    'CREATE SCHEMA pretence',
    `CREATE FUNCTION pretence.version() RETURNS text LANGUAGE sql AS $$ SELECT '${VERSION}' $$`,
    `ALTER DATABASE ${name} SET search_path = public, pretence, pg_catalog`,
  )
  return url
}

describe('a database that says that it is CockroachDB', () => {
  test('doctor says what was found and what was chosen, and asks for nothing that is not there', async () => {
    const url = await pretending()
    const recording = recordStatements()
    const all = await findings({ databaseUrl: url })
    recording.stop()
    const { verdict, measured } = finding(all, 'postgres.database')
    assert.equal(verdict, 'warn')
    assert.match(measured, /^CockroachDB v25\.2\.1: the store goes without LISTEN, columns/)
    const listen = finding(all, 'postgres.listen')
    assert.deepEqual([listen.verdict, listen.measured.includes('every 50 ms')], ['ok', true])
    assert.equal(finding(all, 'postgres.schema').verdict, 'ok')
    assert.equal(
      all.some(({ check }) => check === 'postgres.fsync'),
      false,
    )
    assert.deepEqual(recording.sent.map(({ text }) => text).flatMap(refusalsOf), [])
    const plain = await findings({ databaseUrl: await server.createDatabase() })
    assert.match(finding(plain, 'postgres.database').measured, /^PostgreSQL \d+/)
  })

  test('a whole server is migrated, serves and is moved with nothing that is refused', () =>
    withFolder(async (folder) => {
      const url = await pretending()
      const target = await pretending()
      const recording = recordStatements()
      try {
        const { code, out } = await outright(['migrate', '--database-url', url])
        assert.deepEqual([code, out.startsWith('applied')], [0, true])
        const passwordCost = { memoryKiB: 64, passes: 1 }
        const config = await loadConfig(
          {},
          { demo: true, node: 'north', databaseUrl: url, passwordCost, accessLog: false },
        )
        const otpSender = { send: () => Promise.resolve() }
        const world = { clock: systemClock, random: systemRandom(), log: silentLog, otpSender }
        const node = await compose(config, world)
        const file = join(folder, 'moving.ndjson.gz')
        try {
          const { sid } = await openWithToken(node.store)
          assert.ok((await node.store.revoke(revocation({ key: sid }))).added)
          const early = await outright(['export', file, '--database-url', url])
          assert.match(early.err, /1 node is connected: stop them/)
        } finally {
          await node.close()
        }
        const exported = await outright(['export', file, '--database-url', url])
        assert.equal(exported.code, 0, exported.err)
        const imported = await outright(['import', file, '--database-url', target])
        assert.equal(imported.code, 0, imported.err)
        const moved = await openNode(target, 'north')
        await assertChain(moved, (await moved.head()).get('north') ?? 0)
        await moved.close()
      } finally {
        recording.stop()
      }
      assert.ok(recording.sent.length > 50)
      assert.deepEqual([...new Set(recording.sent.map(({ text }) => text))].flatMap(refusalsOf), [])
      assert.deepEqual(schemaInTransaction(recording.sent), [])
      const rows = await ask(
        url,
        `SELECT 1 FROM information_schema.columns WHERE collation_name = 'C' AND table_schema = 'public'`,
      )
      assert.equal(rows.length, 0)
    }))

  test('nodes hear of each other and confirm without a notifier', async () => {
    const url = await pretending()
    const stores = await Promise.all(['north', 'south'].map((name) => openNode(url, name)))
    const nodes = stores.map((store) => {
      const { shared } = store
      assert.equal(shared.notifier, undefined)
      const leases = createNodeLeases({ shared, leaseMs: 30_000, renewMs: 500 })
      store.onCommitted((entries) => {
        const last = entries.at(-1)
        if (last === undefined) return
        const position = new Map([[last.stream, last.sequence]])
        leases.applied(position)
        leases.acknowledge(position)
      })
      return { store, leases }
    })
    const [north, south] = nodes
    assert.ok(north && south)
    try {
      await Promise.all(nodes.map(({ leases }) => leases.join()))
      const { revocation: entry } = await north.store.revoke(revocation())
      const outcome = await north.leases.confirmOnOtherNodes(entry)
      assert.deepEqual(outcome, { acknowledged: 1, lapsed: 0 })
    } finally {
      await Promise.all(nodes.map(({ leases }) => leases.close(0)))
      await Promise.all(stores.map((store) => store.close()))
    }
  })
})
