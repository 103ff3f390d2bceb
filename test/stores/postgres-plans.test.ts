/** How PostgreSQL is told to plan what a node asks for by key. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { end, planAll } from '../../src/stores/contract/delivery-samples.ts'
import { now } from '../../src/stores/contract/samples.ts'
import { abilitiesOf } from '../../src/stores/postgres/abilities.ts'
import { Connection, planForKeys } from '../../src/stores/postgres/connection.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

test('a statement that has to read a whole table is not compiled for it', async () => {
  const connection = await Connection.open({
    url: await server.createDatabase(),
    name: 'plans',
    answerMs: 5_000,
  })
  try {
    await planForKeys(connection, abilitiesOf('PostgreSQL 15.13'))
    const plan = await connection.run({
      name: 'plan',
      text: 'EXPLAIN SELECT relkind FROM pg_class',
    })
    const lines = plan.map((row) => Object.values(row as Record<string, string>)[0])
    assert.match(lines.join('\n'), /Seq Scan/)
    assert.doesNotMatch(lines.join('\n'), /JIT/)
  } finally {
    await connection.end()
  }
})

/** Rows of a table that were read through each of its indexes by connections that have ended. */
async function rowsRead(
  url: string,
  table = 'sessions',
): Promise<Readonly<Record<string, number>>> {
  const connection = await Connection.open({ url, name: 'counts', answerMs: 5_000 })
  try {
    const rows = await connection.run<{ name: string; read: number }>({
      name: 'rows_read',
      text: `SELECT indexrelname AS name, idx_tup_read AS read
        FROM pg_stat_user_indexes WHERE relname = '${table}'`,
    })
    return Object.fromEntries(rows.map(({ name, read }) => [name, read]))
  } finally {
    await connection.end()
  }
}

test('a search by what is common among old sessions does not read the new ones', async () => {
  const url = await server.createDatabase()
  await openNode(url, 'node-1').then((node) => node.close())
  const connection = await Connection.open({ url, name: 'fill', answerMs: 30_000 })
  await connection.command(`INSERT INTO sessions (sid, participant_id, participant_generation,
      subject_id, client_id, dialect, created_at_ms, expires_at_ms, access_lifetime_ms,
      everyone_generation, subject_generation, client_generation, grant_generation,
      device_generation, attributes)
    SELECT 's' || i, '', 0, of, of, of, ${String(now)}, ${String(now)}, 1, 0, 0, 0, 0, 0,
      '{"address":"' || of || '"}'
    FROM (SELECT i, CASE WHEN i <= 4000 THEN 'old' ELSE 'new' || i % 3 END AS of
      FROM generate_series(1, 40000) AS i) AS made`)
  await connection.command('ANALYZE sessions')
  await connection.end()
  for (const [name, index] of [
    ['address', 'sessions_from_address'],
    ['subjectId', 'sessions_of_subject'],
    ['clientId', 'sessions_of_client'],
    ['dialect', 'sessions_of_dialect'],
  ] as const) {
    const before = await rowsRead(url)
    const node = await openNode(url, 'node-1')
    const filter = { [name]: 'old' }
    const bounds = { limit: 10, lookAt: 200 }
    const page = await node.listSessions(filter, now, { ...bounds, cursor: undefined })
    assert.equal(page.items[0]?.session.sid, 's4000')
    const next = await node.listSessions(filter, now, { ...bounds, cursor: page.next })
    assert.equal(next.items[0]?.session.sid, 's3990')
    assert.deepEqual(await node.countSessions(filter, { atMost: 50, lookAt: 200 }), {
      count: 50,
      isExact: false,
    })
    await node.close()
    let read = before
    // A connection counts what it has read when it ends, which is after its client has gone.
    await until(async () => {
      read = await rowsRead(url)
      return read[index]! > before[index]!
    })
    for (const other of Object.keys(read)) {
      const rows = read[other]! - before[other]!
      assert.ok(rows < 2_000, `${name}: ${String(rows)} rows read by ${other}`)
    }
  }
})

test('what is stored for receivers is counted without reading what was delivered', async () => {
  const url = await server.createDatabase()
  await openNode(url, 'node-1').then((node) => node.close())
  const connection = await Connection.open({ url, name: 'fill', answerMs: 30_000 })
  await connection.command(`INSERT INTO deliveries (id, receiver, subject, revocation_id, facts,
      created_at_ms, state, attempts, due_at_ms, settled_at_ms, last_error, failed_at_ms)
    SELECT i, 'a:' || i % 3, i, i, '{}', i, of, 1, i, CASE WHEN of <> 'owed' THEN i END,
      CASE WHEN of <> 'delivered' THEN 'x' END, CASE WHEN of <> 'delivered' THEN i END
    FROM (SELECT i, CASE WHEN i % 3 > 0 OR i < 39900 THEN 'delivered' WHEN i % 2 = 0 THEN 'owed'
      ELSE 'dead' END AS of FROM generate_series(1, 40000) AS i) AS made`)
  const names = ['a:0', 'a:1', 'a:2']
  for (const statistics of [false, true]) {
    if (statistics) await connection.command('ANALYZE deliveries')
    const before = await rowsRead(url, 'deliveries')
    const node = await openNode(url, 'node-1')
    assert.deepEqual(await node.storedReceivers('', 10), names)
    const [first, second] = await node.countByReceiver(names)
    assert.deepEqual(first, {
      receiver: 'a:0',
      owed: 17,
      dead: 17,
      oldestOwedAtMs: 39_900,
      lastDeliveredAtMs: 39_897,
      lastFailure: { atMs: 39_999, error: 'x' },
    })
    assert.equal(second?.lastDeliveredAtMs, 40_000)
    await node.close()
    let read = before
    await until(async () => {
      read = await rowsRead(url, 'deliveries')
      return read['deliveries_owed']! > before['deliveries_owed']!
    })
    for (const index of Object.keys(read)) {
      const rows = read[index]! - before[index]!
      assert.ok(rows < 200, `${String(rows)} rows read by ${index}`)
    }
  }
  await connection.end()
})

/** A plan is kept after some executions, and is then that of the empty tables. */
const EXECUTIONS = 10

test('what is due is claimed without reading what else is owed, however much it is', async () => {
  const url = await server.createDatabase()
  const node = await openNode(url, 'node-1')
  const claim = { receiver: 'a:0', claimedBy: 'node-1', nowMs: now, leaseMs: 1_000, limit: 8 }
  for (let time = 0; time < EXECUTIONS; time++) await node.claimDeliveries(claim)
  const connection = await Connection.open({ url, name: 'fill', answerMs: 30_000 })
  // Two on each subject, half of all put off.
  await connection.command(`INSERT INTO deliveries (id, receiver, subject, revocation_id, facts,
      created_at_ms, state, attempts, due_at_ms)
    SELECT i, 'a:0', i / 2, i, '{}', i, 'owed', 0,
      CASE WHEN i % 4 < 2 THEN i ELSE ${String(now)} + 60000 END
    FROM generate_series(0, 39999) AS i`)
  await connection.end()
  const before = await rowsRead(url, 'deliveries')
  for (const first of [0, 32]) {
    const claimed = await node.claimDeliveries(claim)
    assert.deepEqual(
      claimed.map(({ id }) => Number(id)),
      Array.from({ length: 8 }, (_, at) => first + at * 4),
    )
  }
  await node.close()
  const rows = await rowsReadSince(url, 'deliveries', before)
  assert.ok(rows >= 16 && rows < 500, `${String(rows)} rows read`)
})

test('what entries have ended is read without the sessions that go on', async () => {
  const url = await server.createDatabase()
  const node = await openNode(url, 'node-1')
  const connection = await Connection.open({ url, name: 'fill', answerMs: 30_000 })
  // Loaded at once, as from a copy: for a minute the database knows nothing about them.
  await connection.command(`INSERT INTO sessions (sid, participant_id, participant_generation,
      subject_id, client_id, dialect, created_at_ms, expires_at_ms, access_lifetime_ms,
      everyone_generation, subject_generation, client_generation, grant_generation,
      device_generation, attributes)
    SELECT 's' || i, '', 0, i, i, 'tv', ${String(now)}, ${String(now)}, 1, 0, 0, 0, 0, 0, '{}'
    FROM generate_series(1, 20000) AS i`)
  await connection.end()
  const sids = ['s1', 's10', 's100', 's1000', 's10000']
  for (const sid of sids) await end(node, 'session', sid)
  const before = await rowsRead(url)
  assert.deepEqual(await planAll(node), sids)
  await node.close()
  const rows = await rowsReadSince(url, 'sessions', before)
  assert.ok(rows >= sids.length && rows < 1_000, `${String(rows)} rows read`)
})

/** Rows that were read through the indexes of a table, once the connections have told of them. */
async function rowsReadSince(
  url: string,
  table: string,
  before: Readonly<Record<string, number>>,
): Promise<number> {
  const total = (read: typeof before): number =>
    Object.values(read).reduce((sum, rows) => sum + rows, 0)
  let rows = 0
  await until(async () => (rows = total(await rowsRead(url, table)) - total(before)) > 0)
  return rows
}
