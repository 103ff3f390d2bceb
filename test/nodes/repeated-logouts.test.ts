/**
 * A node dies when it has stored logouts and before anybody has confirmed them; the clients log out
 * again at other nodes, or at that one when it is back. Its guards have not heard of the logouts,
 * and hold leases of the run that has died.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { serverOf, sessionsOf, type EndedSession } from './ended-sessions.ts'
import { ask, Fleet, type Guarded, type Node } from './processes.ts'

const LEASE_MS = 2_000
const SETTLED_WITHIN_MS = 60_000
/** Less than a lease. */
const STORED_WITHIN_MS = 1_000

let cluster: TestCluster
let fleet: Fleet
/** Dies, and has a guard that has not heard what it stored. */
let dying: Node
let deaf: Guarded
let others: readonly Node[]

before(async () => {
  cluster = await startCluster()
  const database = { cluster, url: await cluster.createDatabase() }
  fleet = await Fleet.start({ database, nodes: 3, guardsPerNode: 1, leaseMs: LEASE_MS })
  await fleet.settled(SETTLED_WITHIN_MS)
  ;[dying, ...others] = fleet.nodes as [Node, ...Node[]]
  deaf = fleet.guards.find(({ node }) => node === dying)!
})

after(async () => {
  await fleet.stop()
  await cluster.stop()
})

async function verdict({ child }: Guarded, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  return (await ask(child, 'GET', '/', { headers }))?.text ?? 'no answer'
}

async function isStored(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  const reply = await ask(others[0]!.child, 'GET', '/outright/v1/check', { headers })
  return reply?.status === 401
}

/** Sessions that a first call has ended at the node, which dies before anybody has confirmed it. */
async function endAndDie(deviceId: string): Promise<readonly EndedSession[]> {
  const [home] = others as [Node]
  const sessions = await sessionsOf(serverOf(home.child), deviceId)
  for (const { token } of sessions) assert.equal(await verdict(deaf, token), 'ok')
  deaf.network.freeze()
  const first = sessions.map(({ logout }) => logout(serverOf(dying.child)).catch(() => undefined))
  const deadline = performance.now() + STORED_WITHIN_MS
  for (const { token, dialect } of sessions) {
    while (!(await isStored(token))) {
      assert.ok(performance.now() < deadline, `${dialect}: not stored in time`)
      await sleep(2)
    }
  }
  await dying.child.kill()
  assert.ok(
    (await Promise.all(first)).every((reply) => reply === undefined),
    'one was answered',
  )
  // What the node sent to its guard is lost.
  deaf.network.cut()
  deaf.network.thaw()
  return sessions
}

/** Logs all out again, and asks the guard at the very moment of each answer. */
async function again(sessions: readonly EndedSession[], nodes: readonly Node[]): Promise<void> {
  const before = await Promise.all(sessions.map(({ token }) => verdict(deaf, token)))
  assert.ok(
    before.every((word) => word === 'ok'),
    `nothing is tried here: ${before.join(', ')}`,
  )
  const calls = sessions.flatMap((session) => nodes.map((node) => ({ session, node })))
  await Promise.all(
    calls.map(async ({ session: { dialect, token, logout }, node }) => {
      const reply = await logout(serverOf(node.child))
      const said = await verdict(deaf, token)
      const receipt = reply.headers['outright-confirmed'] ?? 'no receipt'
      const what = `${dialect} at ${node.name}: ${String(reply.status)}, ${receipt}, ${reply.text}`
      assert.notEqual(said, 'ok', what)
      assert.ok(reply.status < 500, what)
      assert.match(receipt, /^[23]\/[34];lapsed=1;/, what)
    }),
  )
}

/** Nobody accepts any of them any more, whoever comes back in whatever state. */
async function neverAgain(sessions: readonly EndedSession[], forMs: number): Promise<void> {
  const untilMs = performance.now() + forMs
  while (performance.now() < untilMs) {
    for (const { token, dialect } of sessions) {
      assert.notEqual(await verdict(deaf, token), 'ok', dialect)
      const headers = { authorization: `Bearer ${token}` }
      const node = await ask(dying.child, 'GET', '/outright/v1/check', { headers })
      assert.notEqual(node?.status, 200, dialect)
    }
  }
}

suite('logouts that a node stored and died of', () => {
  test('again at the other nodes, while it is gone', async () => {
    const sessions = await endAndDie('device-1')
    await again(sessions, others)
    const back = fleet.restart(dying)
    await neverAgain(sessions, 4_000)
    await back
    await fleet.settled(SETTLED_WITHIN_MS)
    await neverAgain(sessions, 100)
  })

  test('again at the other nodes, while it comes back', async () => {
    const sessions = await endAndDie('device-2')
    const back = fleet.restart(dying)
    await again(sessions, others)
    await neverAgain(sessions, 1_000)
    await back
    await fleet.settled(SETTLED_WITHIN_MS)
    await neverAgain(sessions, 100)
  })
})
