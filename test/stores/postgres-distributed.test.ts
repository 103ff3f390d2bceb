/**
 * The store as it is on a distributed database that speaks PostgreSQL's protocol: without whatever
 * those lack, on a PostgreSQL that refuses transactions for their order (40001) as they do. None of
 * those databases is here, so what they lack is a list (`refused-sql.ts`).
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { storeContract } from '../../src/stores/contract.ts'
import { migrations } from '../../src/stores/postgres/schema/index.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { recordStatements, refusalsOf, refusedSql, schemaInTransaction } from './refused-sql.ts'
import { modes, temporaryPostgres } from './temporary-postgres.ts'

const [, distributed] = modes
const server = await startPostgres({
  own: true,
  settings: { fsync: 'off', ...distributed.settings },
})
after(() => server.stop())

const recording = recordStatements()

storeContract(`PostgreSQL with ${distributed.name}`, () =>
  temporaryPostgres(server, distributed.options),
)

describe('no statement that was sent meanwhile', () => {
  it('uses what a distributed database lacks', () => {
    recording.stop()
    const texts = [...new Set(recording.sent.map(({ text }) => text))]
    assert.ok(texts.length > 60, String(texts.length))
    assert.deepEqual(texts.flatMap(refusalsOf), [])
  })

  it('changes the schema in a transaction with others', () => {
    assert.ok(recording.sent.some(({ text }) => text.startsWith('CREATE UNIQUE INDEX')))
    assert.deepEqual(schemaInTransaction(recording.sent), [])
  })
})

describe('the list of what is refused', () => {
  const examples: Readonly<Record<string, string>> = {
    collations: 'CREATE TABLE a (b text COLLATE "C")',
    'LISTEN and NOTIFY': `SELECT pg_notify('a', $1)`,
    'advisory locks': 'SELECT pg_try_advisory_xact_lock(1)',
    'locks of tables': 'LOCK TABLE a IN EXCLUSIVE MODE',
    settings: 'SET LOCAL synchronous_commit = off',
    'a table that is changed twice':
      'WITH x AS (UPDATE a SET b = 1 RETURNING 1) INSERT INTO a SELECT * FROM unnest($1::int[])',
    'several statements in one text': 'CREATE TABLE a (b text); CREATE TABLE b (c text)',
    'whatever columns there are': 'DELETE FROM a\n  RETURNING *',
    SERIAL: 'CREATE TABLE a (b bigserial)',
    'triggers and functions of our own': 'CREATE OR REPLACE FUNCTION a() RETURNS int AS $$ 1 $$',
    'temporary tables': 'CREATE TEMPORARY TABLE a (b text)',
    cursors: 'DECLARE a NO SCROLL CURSOR FOR SELECT 1',
    'places of rows and numbers of transactions': 'SELECT ctid FROM a',
    'views of the server': 'SELECT 1 FROM pg_stat_activity',
  }
  for (const { name } of refusedSql) {
    it(`catches ${name}, and nothing else in an example`, () => {
      const lines = refusalsOf(examples[name] ?? '')
      assert.deepEqual(
        lines.map((line) => line.startsWith(name)),
        [true],
        lines.join('\n'),
      )
    })
  }

  it('catches what PostgreSQL itself is sent: the steps of the schema with their collations', () => {
    const collated = migrations.filter(({ sql }) => sql.includes('COLLATE'))
    assert.ok(collated.length > 5, String(collated.length))
    for (const { name, sql } of collated) {
      assert.ok(
        refusalsOf(sql).some((line) => line.startsWith('collations')),
        name,
      )
    }
  })

  it('does not take a lock, an ON CONFLICT or a count for a second change', () => {
    for (const text of [
      'DELETE FROM a WHERE b IN (SELECT b FROM a LIMIT $1 FOR UPDATE SKIP LOCKED)',
      'INSERT INTO a VALUES ($1) ON CONFLICT (b) DO UPDATE SET b = excluded.b',
      'SELECT count(*) AS count FROM a',
      'SELECT g.*, b FROM unnest($1::text[]) AS g(c)',
    ]) {
      assert.deepEqual(refusalsOf(text), [], text)
    }
  })
})
