/**
 * The database of two nodes fails: it hangs, it crashes, it has no connection left. Checks go on
 * until the leases run out and then stop, nothing that was answered is lost, and everything
 * recovers without a restart.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { login, logout } from './directlink.ts'
import { ask, Fleet, type Child } from './processes.ts'

const LEASE_MS = 2_000
const SETTLED_WITHIN_MS = 60_000
const MAX_CONNECTIONS = 20

let cluster: TestCluster
let url: string
let fleet: Fleet
before(async () => {
  cluster = await startCluster({ settings: { max_connections: String(MAX_CONNECTIONS) } })
  url = await cluster.createDatabase()
  fleet = await Fleet.start({
    database: { cluster, url },
    nodes: 2,
    guardsPerNode: 1,
    leaseMs: LEASE_MS,
  })
  await fleet.settled(SETTLED_WITHIN_MS)
})
after(async () => {
  await fleet.stop()
  await cluster.stop()
})

/** What every node and every guard says of a token: a status, or a word. */
async function verdicts(token: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const nodes = fleet.nodes.map(async ({ child }) => {
    const reply = await ask(child, 'GET', '/directlink/v1/download/list', { headers })
    return String(reply?.status)
  })
  const guards = fleet.guards.map(async ({ child }) => {
    return (await ask(child, 'GET', '/', { headers }))?.text ?? 'no answer'
  })
  return Promise.all([...nodes, ...guards])
}

const ACCEPTED = ['200', '200', 'ok', 'ok']
const REFUSED = ['401', '401', 'revoked', 'revoked']
const UNSURE = ['503', '503', 'stale', 'stale']

/** A lease may be short at first, when that of the node ends soon. No verifier accepts what is dead. */
async function eventually(token: string, expected: readonly string[]): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const said = await verdicts(token)
    if (said.join() === expected.join()) return
    if (expected === REFUSED) assert.ok(!said.some((verdict) => ACCEPTED.includes(verdict)))
    assert.ok(performance.now() < deadline, said.join())
    await sleep(50)
  }
}

async function survives(fail: () => Promise<void> | void, mend: () => Promise<void> | void) {
  const urls = fleet.nodes.map(({ child }) => child.url)
  const [first, second] = fleet.nodes.map(({ child }) => child) as [Child, Child]
  const [dead, live] = [await login(first), await login(first)]
  await logout(second, dead)
  await eventually(live, ACCEPTED)
  await fail()
  // The leases that were granted before are over, and with them every right to accept.
  await sleep(2 * LEASE_MS)
  assert.deepEqual(await verdicts(live), UNSURE)
  assert.ok(!(await verdicts(dead)).some((verdict) => ACCEPTED.includes(verdict)))
  const headers = { authorization: `Bearer ${live}` }
  const refused = await ask(first, 'POST', '/directlink/v1/auth/logout', { headers })
  assert.notEqual(refused?.status, 200)
  const ready = await ask(first, 'GET', '/readyz')
  assert.match(ready?.text ?? '', /^not ready: it cannot commit$/m)
  await mend()
  await fleet.settled(SETTLED_WITHIN_MS)
  await eventually(dead, REFUSED)
  await logout(second, await login(first))
  assert.deepEqual(
    fleet.nodes.map(({ child }) => child.url),
    urls,
    'no node was restarted',
  )
}

suite('a database that fails', () => {
  test('it hangs, and goes on', async () => {
    await survives(
      () => {
        cluster.freeze()
      },
      () => {
        cluster.thaw()
      },
    )
  })

  test('it crashes, and starts again', async () => {
    await survives(
      () => cluster.kill(),
      () => cluster.restart(),
    )
  })

  test('the nodes lose their connections, and others take the rest', async () => {
    const others: pg.Client[] = []
    await survives(
      async () => {
        // The nodes come back within milliseconds: they are put out until others have every place.
        while (others.length < MAX_CONNECTIONS) {
          const client = new pg.Client({ connectionString: url })
          client.on('error', () => undefined)
          try {
            await client.connect()
            others.push(client)
          } catch {
            await client.end()
          }
          await others[0]?.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
              `WHERE application_name LIKE 'outright %'`,
          )
        }
      },
      async () => {
        await Promise.all(others.map((client) => client.end()))
      },
    )
    assert.match(fleet.logs(), /it has no connection left: raise max_connections \(53300\)/)
    assert.match(fleet.logs(), /"level":"info","message":"Renewing the lease again"/)
  })
})
