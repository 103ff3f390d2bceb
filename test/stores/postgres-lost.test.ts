/**
 * A PostgreSQL database that was set back in time, by a recovery or by a failover to a standby that
 * lagged: nodes that ran notice, whatever they do, and none starts unasked.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { checkDecision } from '../../src/server/after-restore.ts'
import { Link } from '../../src/stores/postgres/link.ts'
import { createNodeLeases } from '../../src/stores/postgres/node-lease.ts'
import { refuses, revocation } from '../../src/stores/contract/samples.ts'
import { Undecided } from '../../src/stores/postgres/undecided.ts'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

let server: TestPostgres
let migrated: string
before(async () => {
  server = await startPostgres()
  migrated = await server.createDatabase()
  await (await openNode(migrated, 'first')).close()
})
after(() => server.stop())

/** What a recovery to an earlier point leaves, and the connections that it breaks. */
const recoveries = {
  'to a moment while this node ran': `DELETE FROM log WHERE sequence > 1;
    UPDATE streams SET head = 1, batch = batch - 2,
      hash = (SELECT hash FROM log WHERE sequence = 1)`,
  'to a moment before it started': `DELETE FROM log;
    UPDATE streams SET head = 0, batch = 0, hash = '', epoch = epoch - 1, holder = 'an earlier run'`,
  'to a moment before it ever was': 'DELETE FROM log; DELETE FROM streams',
}

const LOST = 'the database has lost transactions that it had committed'
const MARKED = 'the database was marked as one that has lost logouts'

/** Does this as an operator, and breaks the connections of everyone else. */
async function setBack(url: string, sql: string): Promise<void> {
  await asOperator(url, sql)
  await asOperator(
    url,
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
}

async function asOperator(url: string, sql: string): Promise<readonly unknown[]> {
  const operator = new pg.Client({ connectionString: url })
  await operator.connect()
  try {
    return (await operator.query<Record<string, unknown>>(sql)).rows
  } finally {
    await operator.end()
  }
}

/** As docs/operating.md tells operators. */
const MARK = `INSERT INTO tickets (kind, key, value, expires_at_ms, attempts)
  VALUES ('undecided', 'lost-logouts', 'restored', 9999999999999, 0)`

const marks = (url: string) =>
  asOperator(url, `SELECT 1 FROM tickets WHERE kind = 'undecided' AND key = 'lost-logouts'`)

/** A node that follows the log and writes nothing, and what it was stopped for. */
async function openWatcher(url: string) {
  const reasons: string[] = []
  const read: number[] = []
  const node = await openNode(url, 'watcher', {
    onStopped: (reason) => reasons.push(reason),
    pollEveryMs: 50,
  })
  node.onCommitted((entries) => read.push(...entries.map(({ sequence }) => sequence)))
  return { node, reasons, read }
}

/** The stream of `writer` as another one of this length, which a node has written that started anew. */
const rewritten = (length: number) => `
  UPDATE log SET hash = 'other ' || sequence, previous_hash = 'other ' || sequence - 1
    WHERE stream = 'writer' AND sequence > 1;
  INSERT INTO log (stream, sequence, id, scope, key, generation, reason, actor, note, at_ms,
      forget_after_ms, previous_hash, hash)
    SELECT stream, n, 'id ' || n, scope, 'key ' || n, generation, reason, actor, note, at_ms,
      forget_after_ms, 'other ' || n - 1, 'other ' || n
    FROM log, generate_series(4, ${String(length)}) AS n WHERE stream = 'writer' AND sequence = 3;
  UPDATE streams SET epoch = epoch + 1, batch = ${String(length)}, head = ${String(length)},
    hash = 'other ${String(length)}' WHERE name = 'writer'`

/** What a failover to a standby that lagged leaves of the stream of a node that is gone. */
const failovers = {
  'shorter than it was read': `DELETE FROM log WHERE sequence > 1;
    UPDATE streams SET head = 1, batch = 1,
      hash = (SELECT hash FROM log WHERE sequence = 1) WHERE name = 'writer'`,
  'gone as a whole': `DELETE FROM log; DELETE FROM streams WHERE name = 'writer'`,
  'written anew to the same length': rewritten(3),
  'written anew beyond it': rewritten(5),
}

describe('PostgreSQL lacks what another node, which is gone, had logged out', () => {
  for (const [what, sql] of Object.entries(failovers)) {
    it(`its stream is ${what}: who has read it stops, renews no lease, and marks`, async () => {
      const url = await server.createDatabase(migrated)
      const { node, reasons, read } = await openWatcher(url)
      const writer = await openNode(url, 'writer')
      for (let count = 0; count < 3; count++) await writer.revoke(revocation())
      await until(() => read.length === 3)
      await writer.close()
      await setBack(url, sql)
      await until(() => reasons.length > 0)
      assert.deepEqual(reasons, [LOST])
      assert.deepEqual(read, [1, 2, 3], 'nothing of the other log was taken for this one')
      await until(async () => (await marks(url)).length === 1)
      const leases = createNodeLeases({ shared: node.shared, leaseMs: 200, renewMs: 50 })
      await refuses(leases.join(), 'store_unavailable')
      await leases.close(0)
      await node.close()
    })
  }
})

describe('PostgreSQL was set back while a node had nothing to write', () => {
  it('it notices all the same', async () => {
    const url = await server.createDatabase(migrated)
    const { node, reasons } = await openWatcher(url)
    for (let count = 0; count < 2; count++) await node.revoke(revocation())
    await setBack(url, recoveries['to a moment before it started'])
    await until(() => reasons.length > 0)
    assert.deepEqual(reasons, [LOST])
    await node.close()
  })
})

describe('PostgreSQL was marked as one that has lost logouts', () => {
  it('nodes that run stop as well', async () => {
    const url = await server.createDatabase(migrated)
    const { node, reasons } = await openWatcher(url)
    await asOperator(url, MARK)
    await until(() => reasons.length > 0)
    assert.deepEqual(reasons, [MARKED])
    await node.close()
  })

  it('a node comes to rest whose logout is in doubt then', async () => {
    const url = await server.createDatabase(migrated)
    const { node, reasons } = await openWatcher(url)
    const operator = new pg.Client({ connectionString: url })
    await operator.connect()
    await operator.query('BEGIN; LOCK TABLE log IN ACCESS EXCLUSIVE MODE')
    const refused = refuses(node.revoke(revocation()), 'store_unavailable')
    const waits = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'
      AND datname = current_database() AND application_name = 'outright watcher writes'`
    await until(async () => (await asOperator(url, waits)).length > 0)
    await asOperator(url, MARK)
    await until(() => reasons.length > 0)
    await refused
    await asOperator(url, `SELECT pg_terminate_backend(pid) FROM (${waits}) AS w`)
    await operator.query('ROLLBACK')
    await operator.end()
    await node.close()
    // One that went on trying would have something to do in every turn.
    await until(() => !process.getActiveResourcesInfo().includes('Immediate'))
  })

  it('a mark that was there at the start is for the start to decide about', async () => {
    const url = await server.createDatabase(migrated)
    const node = await openNode(url, 'node-1')
    const { clock, random } = node.shared
    const link = new Link({
      url,
      name: 'marks',
      answerMs: 5_000,
      patienceMs: 5_000,
      clock,
      random,
      prepare: () => Promise.resolve(),
    })
    const unmark = `DELETE FROM tickets WHERE kind = 'undecided'`
    await asOperator(url, MARK)
    const undecided = new Undecided()
    await undecided.open(link)
    assert.equal(await undecided.look(link), false)
    await asOperator(url, unmark)
    assert.equal(await undecided.look(link), false)
    await asOperator(url, MARK)
    assert.equal(await undecided.look(link), true)
    await link.close()
    await node.close()
  })

  it('a node that comes back after the decision stops, and marks nothing', async () => {
    const url = await server.createDatabase(migrated)
    const { node, reasons } = await openWatcher(url)
    await node.revoke(revocation())
    await asOperator(
      url,
      `INSERT INTO tickets (kind, key, value, expires_at_ms, attempts)
        VALUES ('undecided', 'decisions', '1', 9999999999999, 0)`,
    )
    await setBack(url, recoveries['to a moment before it started'])
    await until(() => reasons.length > 0)
    await node.close()
    assert.deepEqual(reasons, [LOST])
    assert.deepEqual(await marks(url), [])
  })
})

describe('PostgreSQL is recovered to an earlier point', () => {
  for (const [what, sql] of Object.entries(recoveries)) {
    it(`${what}: it stops for good, and the next start asks`, async () => {
      const url = await server.createDatabase(migrated)
      const reasons: string[] = []
      const node = await openNode(url, 'node-1', { onStopped: (reason) => reasons.push(reason) })
      await checkDecision(node, { afterRestore: 'refuse' })
      for (let count = 0; count < 3; count++) await node.revoke(revocation())
      const operator = new pg.Client({ connectionString: url })
      await operator.connect()
      await operator.query(sql)
      await operator.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      )
      await refuses(node.revoke(revocation()), 'store_unavailable')
      assert.deepEqual(reasons, ['the database has lost transactions that it had committed'])
      const marks = async () => (await operator.query('SELECT value FROM tickets')).rows.length
      await until(async () => (await marks()) === 1)
      await operator.end()
      await node.close()

      const next = await openNode(url, 'node-1')
      await assert.rejects(checkDecision(next, { afterRestore: 'refuse' }), {
        name: 'ConfigError',
        message: /lost transactions.*--after-restore end-everyone/,
      })
      assert.equal(await checkDecision(next, { afterRestore: 'end-everyone' }), true)
      await next.close()
    })
  }
})
