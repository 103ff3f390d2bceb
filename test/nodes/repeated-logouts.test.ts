/**
 * A node dies when it has stored logouts and before any verifier has confirmed them; the clients
 * log out again at other nodes, or at that one when it is back. Its guards have not heard of the
 * logouts, and hold leases of the run that has died.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { patientServerOf, serverOf, sessionsOf, type EndedSession } from './ended-sessions.ts'
import { ask, Fleet, type Guarded, type Node } from './processes.ts'

const LEASE_MS = 3_000
const SETTLED_WITHIN_MS = 60_000
/** What has to happen within a lease may take longer on a busy machine: then it is tried again. */
const ATTEMPTS = 10
const MAX_TRIES = 400

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

/**
 * Sessions that a first call has ended at the node, which dies before any verifier has confirmed
 * it.
 */
async function endAndDie(deviceId: string): Promise<readonly EndedSession[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const sessions = await tryToEndAndDie(`${deviceId}-${String(attempt)}`)
    if (sessions !== undefined) return sessions
    await fleet.restart(dying)
    await fleet.settled(SETTLED_WITHIN_MS)
  }
  return assert.fail('the guard never held a lease when the node had stored the logouts and died')
}

/** The same; undefined where the guard's lease was over, or a call answered, before the node died. */
async function tryToEndAndDie(deviceId: string): Promise<readonly EndedSession[] | undefined> {
  const [home] = others as [Node]
  const sessions = await sessionsOf(patientServerOf(home.child), deviceId)
  deaf.network.freeze()
  let isAnswered = false
  const first = sessions.map(async ({ logout }) => {
    const reply = await logout(serverOf(dying.child)).catch(() => undefined)
    if (reply !== undefined) isAnswered = true
  })
  for (const { token } of sessions) {
    while (!isAnswered && !(await isStored(token))) await sleep(2)
  }
  await dying.child.kill()
  await Promise.all(first)
  // What the node sent to its guard is lost.
  deaf.network.cut()
  deaf.network.thaw()
  const verdicts = await Promise.all(sessions.map(({ token }) => verdict(deaf, token)))
  return !isAnswered && verdicts.every((word) => word === 'ok') ? sessions : undefined
}

/** Logs all out again, and asks the guard at the very moment of each answer. */
async function again(sessions: readonly EndedSession[], nodes: readonly Node[]): Promise<void> {
  const calls = sessions.flatMap((session) => nodes.map((node) => ({ session, node })))
  await Promise.all(
    calls.map(async ({ session: { dialect, token, logout }, node }) => {
      let reply = await logout(serverOf(node.child))
      let tries = 1
      // A busy machine may cost a node its lease: its refusal promises nothing, and is not the end.
      for (; reply.headers['retry-after'] !== undefined && tries < MAX_TRIES; tries++) {
        await sleep(50)
        reply = await logout(serverOf(node.child))
      }
      const said = await verdict(deaf, token)
      const receipt = reply.headers['outright-confirmed'] ?? 'no receipt'
      const what = `${dialect} at ${node.name}: ${String(reply.status)}, ${receipt}, ${reply.text}`
      assert.notEqual(said, 'ok', what)
      assert.ok(reply.status < 500, what)
      // On a busy machine others may have lost their leases as well, and be back.
      const [, confirmed, verifiers, lapsed] =
        /^(\d+)\/(\d+);lapsed=(\d+);/.exec(receipt)?.map(Number) ?? []
      assert.ok(lapsed !== undefined, what)
      // Who tries again later may come when that lease is over and forgotten.
      assert.ok(lapsed >= 1 || tries > 1, what)
      assert.equal((confirmed ?? 0) + lapsed, verifiers, what)
    }),
  )
}

/** No verifier accepts any of them any more, whichever node comes back in whatever state. */
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
    await neverAgain(sessions, 2 * LEASE_MS)
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
