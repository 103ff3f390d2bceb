/** A logout whose commit no longer waits for the standby is not answered. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { refuses, revocation } from '../../src/stores/contract/samples.ts'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

let primary: TestCluster
let operator: pg.Client
let url: string
before(async () => {
  primary = await startCluster()
  url = await primary.createDatabase()
  operator = new pg.Client({ connectionString: url })
  await operator.connect()
})
after(async () => {
  await operator.end()
  await primary.stop()
})

async function demandStandby(name: string): Promise<void> {
  await operator.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
  await operator.query('SELECT pg_reload_conf()')
}

/** How many commits wait for the standby that were cancelled now. */
async function cancelWaits(): Promise<number> {
  const { rows } = await operator.query(
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
  )
  return rows.length
}

test('an administrator cancels commits that wait for a standby which is away', async () => {
  const node = await openNode(url, 'north', { patienceMs: 1_000 })
  try {
    await demandStandby('away')
    // The server reads its settings anew some time after it was told to.
    let waits = false
    while (!waits) {
      const probe = node.ready().catch(() => undefined)
      await Promise.race([probe, until(async () => (waits = (await cancelWaits()) > 0))])
    }
    let isOver = false
    const refused = refuses(node.revoke(revocation()), 'store_unavailable').finally(() => {
      isOver = true
    })
    await until(async () => {
      await cancelWaits()
      return isOver
    })
    await refused
    await demandStandby('')
    // What was refused may be there or not; the stream goes on behind it.
    let added = false
    await until(async () => {
      added = await node.revoke(revocation()).then(
        (outcome) => outcome.added,
        () => false,
      )
      return added
    })
    assert.ok(added)
  } finally {
    await node.close()
  }
})
