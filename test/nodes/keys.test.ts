/** A key that was rotated at one node: what the others publish, verify and sign with. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { login as logIn } from './directlink.ts'
import { ask, askUntilAnswered, Fleet, type Node } from './processes.ts'
import { admin } from './node-settings.ts'

const SETTLED_WITHIN_MS = 60_000
/** Nodes read the keys anew every two seconds, and sign with a new one after three. */
const ONLY_PUBLISHED_MS = 3_000
const KNOWN_WITHIN_MS = 60_000

let cluster: TestCluster
let fleet: Fleet
before(async () => {
  cluster = await startCluster()
  const database = { cluster, url: await cluster.createDatabase() }
  fleet = await Fleet.start({ database, nodes: 2, guardsPerNode: 1, leaseMs: 2_000 })
  await fleet.settled(SETTLED_WITHIN_MS)
})
after(async () => {
  await fleet.stop()
  await cluster.stop()
})

async function published({ child }: Node): Promise<readonly string[]> {
  const reply = await ask(child, 'GET', '/.well-known/jwks.json')
  assert.ok(reply)
  return (reply.json() as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

async function login({ child }: Node): Promise<{ readonly token: string; readonly kid: string }> {
  const token = await logIn(child)
  return { token, kid: decodeProtectedHeader(token).kid ?? '' }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + KNOWN_WITHIN_MS
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(100)
  }
}

suite('a key that is rotated at one of several nodes', () => {
  test('is published by all at once, verified by all, and soon signs at all', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(second)
    const headers = admin
    const startMs = performance.now()
    const path = '/outright/v1/keys/rotate'
    const { reply: rotated } = await askUntilAnswered(first.child, 'POST', path, { headers })
    assert.ok(rotated.status < 300, rotated.text)
    const { kid } = rotated.json() as { kid: string }
    assert.notEqual(kid, before.kid)
    // A guard may have fetched the keys a moment ago, and shall not meet one that it cannot find.
    const { kid: soon } = await login(first)
    // On a machine that stood still for so long this says nothing.
    if (performance.now() - startMs < ONLY_PUBLISHED_MS) assert.equal(soon, before.kid)
    // At most ten times a second: a guard that meets the new key finds it wherever it asks.
    await sleep(150)
    assert.ok((await published(second)).includes(kid))
    await eventually(
      'the node signs with the new key',
      async () => (await login(first)).kid === kid,
    )
    const { token } = await login(first)
    for (const one of [token, before.token]) {
      const bearer = { headers: { authorization: `Bearer ${one}` } }
      for (const { child, name } of fleet.guards) {
        await eventually(
          `${name} accepts`,
          async () => (await ask(child, 'GET', '/', bearer))?.text === 'ok',
        )
      }
    }
    await eventually(
      'the other node signs with the new key',
      async () => (await login(second)).kid === kid,
    )
  })

  test('is not denied by a node that cannot read the keys: it says that it may lack one', async () => {
    const [{ child }] = fleet.nodes as [Node, Node]
    const get = () => ask(child, 'GET', '/.well-known/jwks.json')
    await eventually('it can', async () => (await get())?.headers['outright-keys'] === undefined)
    cluster.freeze()
    try {
      // What it read a moment before is current for another.
      await eventually(
        'the node says so',
        async () => (await get())?.headers['outright-keys'] === 'stale',
      )
      const reply = await get()
      assert.equal(reply?.status, 200)
      assert.equal(reply.headers['cache-control'], 'no-store')
      assert.ok((reply.json() as { keys: unknown[] }).keys.length > 0)
    } finally {
      cluster.thaw()
    }
    await eventually(
      'the node has read its keys again',
      async () => (await get())?.headers['outright-keys'] === undefined,
    )
    await fleet.settled(SETTLED_WITHIN_MS)
  })
})
