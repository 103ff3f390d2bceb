/**
 * A load balancer stands before the nodes, and guards are taken to another node at any time:
 * between a logout and its answer, in the middle of a snapshot, or while the node that they leave
 * still believes that they are there.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { check } from './checker.ts'
import { login, logout } from './directlink.ts'
import { History } from './history.ts'
import { Load } from './load.ts'
import { ask, Fleet, type Guarded, type Node } from './processes.ts'

const LEASE_MS = 2_000
const BOUND_MS = 20_000
const SETTLED_WITHIN_MS = 60_000
const ROUNDS = 12
const MOVING_MS = 8_000

let cluster: TestCluster
let fleet: Fleet

before(async () => {
  cluster = await startCluster()
  const database = { cluster, url: await cluster.createDatabase() }
  fleet = await Fleet.start({ database, nodes: 3, guardsPerNode: 1, leaseMs: LEASE_MS })
  await fleet.settled(SETTLED_WITHIN_MS)
})

after(async () => {
  await fleet.stop()
  await cluster.stop()
})

async function verdicts(token: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const answers = fleet.guards.map(({ child }) => ask(child, 'GET', '/', { headers }))
  return (await Promise.all(answers)).map((reply) => reply?.text ?? 'no answer')
}

/** Resolves when every guard says so; any may be without a lease for a moment, and says it is stale. */
async function allSay(token: string, expected: 'ok' | 'revoked'): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const said = await verdicts(token)
    if (said.every((verdict) => verdict === expected)) return
    assert.ok(
      said.every((verdict) => verdict === expected || verdict === 'stale'),
      said.join(', '),
    )
    assert.ok(performance.now() < deadline, said.join(', '))
    await sleep(20)
  }
}

/** The old connection is broken, or left to itself until the guard gives it up. */
function move(guard: Guarded, node: Node, silently: boolean): void {
  if (silently) {
    guard.network.freeze()
    guard.node = node
  } else fleet.move(guard, node)
}

suite('guards that move between nodes', () => {
  test('refuse what was logged out at any node while they were on their way', async () => {
    const random = new SeededRandom(5)
    for (let round = 0; round < ROUNDS; round++) {
      const at = random.pick(fleet.nodes)
      const [dead, live] = await Promise.all([
        login(at.child),
        login(random.pick(fleet.nodes).child),
      ])
      await sleep(random.between(0, 40))
      for (const guard of fleet.guards) {
        if (random.chance(0.7)) move(guard, random.pick(fleet.nodes), random.chance(0.15))
      }
      await sleep(random.between(0, 10))
      await logout(random.pick(fleet.nodes).child, dead)
      const after = await verdicts(dead)
      assert.ok(!after.includes('ok'), `round ${String(round)}: ${after.join(', ')}`)
      assert.ok(!(await verdicts(live)).includes('revoked'))
      for (const guard of fleet.guards) {
        guard.network.thaw()
        fleet.move(guard, guard.node)
      }
      await fleet.settled(SETTLED_WITHIN_MS)
      await allSay(dead, 'revoked')
      await allSay(live, 'ok')
    }
  })

  test('keep every promise under load, moving all the time', async (t) => {
    const random = new SeededRandom(6)
    const history = new History()
    const load = new Load(fleet, history, random)
    await load.prepare()
    const running = load.run()
    const endMs = performance.now() + MOVING_MS
    let moves = 0
    while (performance.now() < endMs) {
      await sleep(random.between(20, 300))
      fleet.move(random.pick(fleet.guards), random.pick(fleet.nodes))
      moves++
    }
    load.stop()
    await running
    await fleet.settled(SETTLED_WITHIN_MS)
    await load.finish(30)
    const violations = check(history.entries, BOUND_MS)
    if (violations.length > 0) t.diagnostic(await history.keep('moving-6', fleet.logs()))
    const accepted = history.entries.filter(
      ({ op, at, outcome }) => op === 'use' && outcome === 'done' && at.startsWith('guard'),
    )
    t.diagnostic(`${String(moves)} moves, ${String(accepted.length)} uses accepted by guards`)
    assert.ok(accepted.length > 0)
    assert.deepEqual(violations.slice(0, 5), [])
  })
})
