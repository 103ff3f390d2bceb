/**
 * A signing key that a thief has read: from the answer to its removal on, no verifier accepts what
 * they sign with it, however good it looks; what the new key signs is accepted everywhere.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, type JWK } from 'jose'
import pg from 'pg'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { login } from './directlink.ts'
import { ask, askUntilAnswered, Fleet, type Node } from './processes.ts'
import { admin } from './node-settings.ts'

const SETTLED_WITHIN_MS = 60_000

let cluster: TestCluster
let fleet: Fleet
let database: pg.Client
/** Of the removals for which nothing was frozen. */
const receipts: string[] = []
before(async () => {
  cluster = await startCluster()
  const url = await cluster.createDatabase()
  fleet = await Fleet.start({
    database: { cluster, url },
    nodes: 2,
    guardsPerNode: 1,
    leaseMs: 2_000,
  })
  database = new pg.Client({ connectionString: url })
  await database.connect()
  await fleet.settled(SETTLED_WITHIN_MS)
})
after(async () => {
  await database.end()
  await fleet.stop()
  await cluster.stop()
})

function kidOf(token: string): string {
  const { kid } = decodeProtectedHeader(token)
  assert.ok(kid !== undefined)
  return kid
}

/** A thief of the database signs what they like: no generation is too high, no day too far. */
async function thief(kid: string): Promise<(token: string, header?: object) => Promise<string>> {
  const { rows } = await database.query<{ private_jwk: string }>(
    'SELECT private_jwk FROM signing_keys WHERE kid = $1',
    [kid],
  )
  const key = await importJWK(JSON.parse(rows[0]?.private_jwk ?? '') as JWK, 'ES256')
  return (token, header = {}) =>
    new SignJWT({
      ...decodeJwt(token),
      jti: randomUUID(),
      sid: randomUUID(),
      gen: { e: 9e8, s: 9e8, c: 9e8, g: 9e8, d: 9e8 },
      exp: 4_000_000_000,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
      .sign(key)
}

/** What every node and every guard says of a token, all asked at once. */
function everywhere(token: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${token}` }
  return Promise.all([
    ...fleet.nodes.map(async ({ child, name }) => {
      const reply = await ask(child, 'GET', '/outright/v1/check', { headers })
      return `${name} ${reply?.status === 200 ? 'ok' : 'no'}`
    }),
    ...fleet.guards.map(async ({ child, name }) => {
      const reply = await ask(child, 'GET', '/', { headers })
      return `${name} ${reply?.text === 'ok' ? 'ok' : 'no'}`
    }),
  ])
}

const all = (word: 'ok' | 'no'): readonly string[] =>
  [...fleet.nodes, ...fleet.guards].map(({ name }) => `${name} ${word}`)

/** Resolves when all accept a token; any may be without a lease for a moment. */
async function allAccept(token: string): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const said = await everywhere(token)
    if (said.join() === all('ok').join()) return
    assert.ok(performance.now() < deadline, said.join(', '))
    await sleep(50)
  }
}

async function published({ child }: Node): Promise<readonly string[]> {
  const { reply } = await askUntilAnswered(child, 'GET', '/.well-known/jwks.json')
  return (reply.json() as { keys: { kid: string }[] }).keys.map((key) => key.kid)
}

async function listed({ child }: Node): Promise<Readonly<Record<string, string>>> {
  const { reply } = await askUntilAnswered(child, 'GET', '/outright/v1/keys', { headers: admin })
  const { items } = reply.json() as { items: { kid: string; state: string }[] }
  return Object.fromEntries(items.map(({ kid, state }) => [kid, state]))
}

async function remove({ child }: Node, kid: string): Promise<{ id: string; added: boolean }> {
  const path = `/outright/v1/keys/${kid}`
  const { reply, tries } = await askUntilAnswered(child, 'DELETE', path, { headers: admin })
  assert.equal(reply.status, 200, reply.text)
  // One other node, which speaks for its guard, and the guard of the node that was asked.
  const confirmed = reply.headers['outright-confirmed'] ?? ''
  assert.match(confirmed, /^\d\/\d;lapsed=\d;ms=/)
  receipts.push(confirmed)
  const body = reply.json() as { revocation: { id: string }; added: boolean }
  // A try that was not answered may have been stored.
  return { id: body.revocation.id, added: body.added || tries > 1 }
}

suite('a signing key that is removed', () => {
  test('while it signs: another one signs, and no verifier accepts it when the removal is answered', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(first.child)
    const stolen = kidOf(before)
    const sign = await thief(stolen)
    const [used, unused, nameless] = [
      await sign(before),
      await sign(before),
      await sign(before, { kid: undefined }),
    ]
    // A forged token is as good as any.
    await allAccept(used)
    await allAccept(before)

    const { added, id } = await remove(second, stolen)
    assert.equal(added, true)
    // Everything at once, and without a moment's wait.
    const [ofUsed, ofUnused, ofNameless, ofBefore] = await Promise.all(
      [used, unused, nameless, before].map(everywhere),
    )
    for (const said of [ofUsed, ofUnused, ofNameless, ofBefore]) {
      assert.deepEqual(said, all('no'))
    }
    for (const node of fleet.nodes) {
      assert.ok(!(await published(node)).includes(stolen))
      assert.equal((await listed(node))[stolen], 'removed')
      const token = await login(node.child)
      assert.notEqual(kidOf(token), stolen)
      await allAccept(token)
    }
    assert.deepEqual(await remove(first, stolen), { id, added: false }, 'again: nothing happens')
  })

  test('after a rotation: sessions go on, and so do those that refresh', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const { reply: opened } = await askUntilAnswered(first.child, 'POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    assert.equal(opened.status, 200, opened.text)
    const { access_token: before, refresh_token: refreshToken } = opened.json().data as {
      access_token: string
      refresh_token: string
    }
    const rotate = '/outright/v1/keys/rotate'
    const headers = admin
    const { reply: rotated } = await askUntilAnswered(first.child, 'POST', rotate, { headers })
    const { kid } = rotated.json() as { kid: string }
    await remove(second, kidOf(before))
    const body = { refresh_token: refreshToken }
    const { reply: refreshed } = await askUntilAnswered(second.child, 'POST', '/auth/refresh', {
      body,
    })
    assert.equal(refreshed.status, 200, refreshed.text)
    const { access_token: after } = refreshed.json().data as { access_token: string }
    assert.equal(kidOf(after), kid)
    await allAccept(after)
    assert.deepEqual(await everywhere(before), all('no'))
  })

  test('is not believed again by a node or a guard that starts later', async () => {
    const [first] = fleet.nodes as [Node, Node]
    const before = await login(first.child)
    const sign = await thief(kidOf(before))
    await remove(first, kidOf(before))
    const forged = await sign(before)
    await first.child.kill()
    await fleet.restart(first)
    await fleet.addGuard(first)
    await fleet.settled(SETTLED_WITHIN_MS)
    assert.deepEqual(await everywhere(forged), all('no'))
    await allAccept(await login(first.child))
  })

  test('is confirmed by all who hold a lease, not by the end of their leases', () => {
    // On a busy machine any one of them may lose its lease meanwhile.
    assert.ok(
      receipts.some((receipt) => receipt.includes('lapsed=0;')),
      receipts.join(', '),
    )
  })

  test('is waited for one lease where a node is frozen, which accepts nothing when it wakes', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(first.child)
    const forged = await (await thief(kidOf(before)))(before)
    await allAccept(forged)
    // Beforehand: the three seconds in which a new key is only published outlast a lease.
    const rotate = '/outright/v1/keys/rotate'
    await askUntilAnswered(first.child, 'POST', rotate, { headers: admin })
    while (kidOf(await login(first.child)) === kidOf(before)) await sleep(50)
    second.child.signal('SIGSTOP')
    let confirmed: string | undefined
    try {
      const path = `/outright/v1/keys/${kidOf(before)}`
      const reply = await ask(first.child, 'DELETE', path, { headers: admin })
      assert.equal(reply?.status, 200, reply?.text)
      confirmed = reply.headers['outright-confirmed']
    } finally {
      second.child.signal('SIGCONT')
    }
    assert.match(confirmed ?? '', /lapsed=[1-9];/)
    for (let turn = 0; turn < 5; turn++) assert.deepEqual(await everywhere(forged), all('no'))
    await fleet.settled(SETTLED_WITHIN_MS)
    assert.deepEqual(await everywhere(forged), all('no'))
    await allAccept(await login(first.child))
  })

  test('a key that never existed is not found', async () => {
    const [first] = fleet.nodes as [Node, Node]
    const path = `/outright/v1/keys/${randomUUID()}`
    const { reply } = await askUntilAnswered(first.child, 'DELETE', path, { headers: admin })
    assert.equal(reply.status, 404)
  })
})
