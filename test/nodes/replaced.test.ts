/**
 * An orchestrator that believes a node to be dead starts another one of the same name. When the old
 * one wakes, two processes think that they are that node: the new one is, and the old one must
 * accept nothing, lose nothing, keep no caller waiting, and say what happened. It does not end:
 * restarted, it would take the stream back.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import type { Reply } from '../harness.ts'
import { login, logout, maria } from './directlink.ts'
import { ask, askUntilAnswered, Fleet, nodeOf, type Node } from './processes.ts'

const LEASE_MS = 2_000
const SETTLED_WITHIN_MS = 60_000

let cluster: TestCluster
let fleet: Fleet
/** One that stays, and the two that bear one name. */
let other: Node
let old: Node
let young: Node

before(async () => {
  cluster = await startCluster()
  const database = { cluster, url: await cluster.createDatabase() }
  fleet = await Fleet.start({ database, nodes: 2, guardsPerNode: 1, leaseMs: LEASE_MS })
  await fleet.settled(SETTLED_WITHIN_MS)
  ;[other, old] = fleet.nodes as [Node, Node]
  young = await nodeOf(database, old.name, LEASE_MS)
})

after(async () => {
  await fleet.stop()
  await young.child.kill()
  await young.network?.close()
  await cluster.stop()
})

function post(node: Node, path: string, headers: Record<string, string>) {
  return ask(node.child, 'POST', `/directlink/v1/auth/${path}`, { headers })
}

function use(node: Node, token: string): Promise<Reply | undefined> {
  const headers = { authorization: `Bearer ${token}` }
  return ask(node.child, 'GET', '/directlink/v1/download/list', { headers })
}

/** Asserts that a node of which nothing is wrong accepts a token. */
async function accepts({ child }: Node, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const { reply } = await askUntilAnswered(child, 'GET', '/directlink/v1/download/list', {
    headers,
  })
  assert.equal(reply.status, 200, reply.text)
}

/** Tries until it holds, for as long as a busy machine may need. */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(`never: ${what}`)
    await sleep(100)
  }
}

suite('a node that was replaced while it was frozen', () => {
  test('accepts nothing that its successor ended, and soon nothing at all', async () => {
    const ended = await login(old.child)
    const kept = await login(old.child)
    await accepts(old, ended)
    old.child.signal('SIGSTOP')
    await young.child.start()
    await eventually('the new one serves', async () => (await use(young, kept))?.status === 200)
    await logout(young.child, ended)
    const first = use(old, ended)
    old.child.signal('SIGCONT')
    assert.notEqual((await first)?.status, 200)
    await eventually('the old one knows', async () => {
      assert.notEqual((await use(old, ended))?.status, 200)
      return (await ask(old.child, 'GET', '/readyz'))?.status === 503
    })
    // Not for a moment, but for good: it writes nothing, and says so.
    await sleep(2 * LEASE_MS)
    const headers = { authorization: `Bearer ${kept}` }
    assert.equal((await use(old, kept))?.status, 503)
    assert.notEqual((await post(old, 'logout', headers))?.status, 200)
    assert.notEqual((await post(old, 'login', maria))?.status, 200)
    await accepts(young, kept)
    await accepts(other, kept)
  })

  test('says why, and goes on saying it: an operator has to look', async () => {
    const ready = await ask(old.child, 'GET', '/readyz')
    assert.equal(ready?.status, 503)
    assert.equal(
      ready.text,
      'not ready: stopped for good, another process has taken the stream of this node\n',
    )
    assert.match(old.child.said, /"level":"error","message":"This node has stopped for good/)
    assert.equal((await ask(old.child, 'GET', '/healthz'))?.status, 200)
    const metrics = async (node: Node): Promise<string> =>
      (await ask(node.child, 'GET', '/metrics'))?.text ?? ''
    assert.match(await metrics(old), /^outright_node_stopped 1$/m)
    assert.match(await metrics(old), /^outright_node_current 0$/m)
    assert.match(await metrics(young), /^outright_node_stopped 0$/m)
    await eventually('the new one is current', async () =>
      /^outright_node_current 1$/m.test(await metrics(young)),
    )
  })

  test('sends its guards away, so that a load balancer brings them to another node', async () => {
    const guard = fleet.guards.find(({ node }) => node === old)!
    // Its connections are left alone: only new ones go elsewhere.
    const { hostname, port } = new URL(young.child.url)
    guard.network.redirect({ host: hostname, port: Number(port) })
    const fresh = async (): Promise<boolean> =>
      (await ask(guard.child, 'GET', '/fresh'))?.text === 'true'
    await eventually('the guard holds a lease again', fresh)
    const token = await login(young.child)
    const check = (): Promise<Reply | undefined> =>
      ask(guard.child, 'GET', '/', { headers: { authorization: `Bearer ${token}` } })
    await eventually('the guard accepts', async () => (await check())?.text === 'ok')
    await logout(other.child, token)
    await eventually('the guard knows why', async () => {
      const said = (await check())?.text
      assert.notEqual(said, 'ok')
      return said === 'revoked'
    })
  })

  test('leaves the count of revocations right: each is counted where it was written', async () => {
    const counted = async (node: Node): Promise<number> => {
      const text = (await ask(node.child, 'GET', '/metrics'))?.text ?? ''
      const series = /^outright_revocations_total\{scope="session",reason="logout"\} (\d+)$/m
      return Number(series.exec(text)?.[1])
    }
    const before = [await counted(young), await counted(other)]
    const token = await login(young.child)
    await logout(other.child, token)
    assert.notEqual((await use(young, token))?.status, 200)
    assert.deepEqual([await counted(young), await counted(other)], [before[0], before[1]! + 1])
  })

  for (const [name, at] of [
    ['its successor', () => young],
    ['another node', () => other],
  ] as const) {
    test(`keeps no caller waiting: logouts at ${name} are not answered a lease later`, async () => {
      const receipts: string[] = []
      for (let count = 0; count < 5; count++) {
        const token = await login(at().child)
        const { headers } = await logout(at().child, token)
        receipts.push(headers['outright-confirmed'] ?? 'no receipt')
        assert.notEqual((await use(old, token))?.status, 200)
      }
      // Of one at least: a busy machine may cost any of them its lease. The old node acknowledges
      // nothing, so each logout that waited for it would say that it has lapsed.
      assert.ok(
        receipts.some((receipt) => receipt.includes('lapsed=0;')),
        receipts.join(', '),
      )
    })
  }
})
