/** A key that was rotated at one node: what the others publish, verify and sign with. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { ask, Fleet, type Node } from './processes.ts'

const SETTLED_WITHIN_MS = 60_000
/** Nodes read the keys anew every two seconds, and sign with a new one after three. */
const KNOWN_WITHIN_MS = 15_000
const maria = { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` }
const admin = { authorization: 'Bearer outright-demo-admin' }

let cluster: TestCluster
let fleet: Fleet
let url: string
before(async () => {
  cluster = await startCluster()
  url = await cluster.createDatabase()
  const database = { cluster, url }
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
  const reply = await ask(child, 'POST', '/directlink/v1/auth/login', { headers: maria })
  assert.ok(reply)
  const { bearer } = reply.json() as { bearer: string }
  const header = Buffer.from(bearer.split('.')[0] ?? '', 'base64url').toString()
  return { token: bearer, kid: (JSON.parse(header) as { kid: string }).kid }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + KNOWN_WITHIN_MS
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${what}`)
    await sleep(100)
  }
}

/** As the manual says, for keys that somebody may have read. */
async function removeRetired(): Promise<void> {
  const manual = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8')
  const [, statement] = /psql .* -c '(DELETE FROM signing_keys[^']*)'/.exec(manual) ?? []
  assert.ok(statement !== undefined)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

suite('a key that is rotated at one of several nodes', () => {
  test('is published by all at once, soon signs at all, and ends with its removal', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(second)
    const headers = admin
    const rotated = await ask(first.child, 'POST', '/outright/v1/keys/rotate', { headers })
    assert.ok(rotated !== undefined && rotated.status < 300, rotated?.text)
    const { kid } = rotated.json() as { kid: string }
    assert.notEqual(kid, before.kid)
    // A guard may have fetched the keys a moment ago, and shall not meet one that it cannot find.
    assert.equal((await login(first)).kid, before.kid)
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
    await removeRetired()
    for (const node of fleet.nodes) {
      await node.child.stop()
      await fleet.restart(node)
    }
    await fleet.settled(SETTLED_WITHIN_MS)
    for (const { child } of fleet.nodes) {
      const use = async (shown: string): Promise<number | undefined> => {
        const headers = { authorization: `Bearer ${shown}` }
        return (await ask(child, 'GET', '/directlink/v1/download/list', { headers }))?.status
      }
      assert.equal(await use(before.token), 401)
      assert.equal(await use(token), 200)
    }
    // Guards take a snapshot of a node that was restarted, and believe nothing of before unseen.
    const bearer = { headers: { authorization: `Bearer ${before.token}` } }
    for (const { child, name } of fleet.guards) {
      await eventually(
        `${name} refuses`,
        async () => (await ask(child, 'GET', '/', bearer))?.text === 'invalid',
      )
    }
  })
})
