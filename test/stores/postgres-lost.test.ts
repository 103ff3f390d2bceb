/** A PostgreSQL database that was set back in time: nodes that ran notice, and none starts unasked. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { checkDecision } from '../../src/server/after-restore.ts'
import { refuses, revocation } from '../../src/stores/contract/samples.ts'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

let server: TestPostgres
before(async () => {
  server = await startPostgres()
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

describe('PostgreSQL is recovered to an earlier point', () => {
  for (const [what, sql] of Object.entries(recoveries)) {
    it(`${what}: it stops for good, and the next start asks`, async () => {
      const url = await server.createDatabase()
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
