/**
 * A signing key that somebody has read: from the answer to its removal on, nobody accepts what they
 * sign with it, however good it looks; what the new key signs is accepted everywhere.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, type JWK } from 'jose'
import pg from 'pg'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { ask, Fleet, type Node } from './processes.ts'

const SETTLED_WITHIN_MS = 60_000
/** A lease, its margin, the three seconds in which a new key is only published, and slack. */
const REMOVED_WITHIN_MS = 8_000
const maria = { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` }
const admin = { authorization: 'Bearer outright-demo-admin' }

let cluster: TestCluster
let fleet: Fleet
let database: pg.Client
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

async function login({ child }: Node): Promise<string> {
  const reply = await ask(child, 'POST', '/directlink/v1/auth/login', { headers: maria })
  assert.ok(reply)
  return (reply.json() as { bearer: string }).bearer
}

function kidOf(token: string): string {
  const { kid } = decodeProtectedHeader(token)
  assert.ok(kid !== undefined)
  return kid
}

/** Whoever has read the database signs what they like: no generation is too high, no day too far. */
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

async function published({ child }: Node): Promise<readonly string[]> {
  const reply = await ask(child, 'GET', '/.well-known/jwks.json')
  assert.ok(reply)
  return (reply.json() as { keys: { kid: string }[] }).keys.map((key) => key.kid)
}

async function listed({ child }: Node): Promise<Readonly<Record<string, string>>> {
  const reply = await ask(child, 'GET', '/outright/v1/keys', { headers: admin })
  assert.ok(reply)
  const { items } = reply.json() as { items: { kid: string; state: string }[] }
  return Object.fromEntries(items.map(({ kid, state }) => [kid, state]))
}

async function remove({ child }: Node, kid: string): Promise<{ id: string; added: boolean }> {
  const startedAt = performance.now()
  const reply = await ask(child, 'DELETE', `/outright/v1/keys/${kid}`, { headers: admin })
  assert.equal(reply?.status, 200, reply?.text)
  assert.ok(performance.now() - startedAt < REMOVED_WITHIN_MS)
  // One other node, which speaks for its guard, and the guard of the node that was asked.
  assert.match(reply.headers['outright-confirmed'] ?? '', /^\d\/\d;lapsed=0;ms=/)
  const body = reply.json() as { revocation: { id: string }; added: boolean }
  return { id: body.revocation.id, added: body.added }
}

suite('a signing key that is removed', () => {
  test('while it signs: another one signs, and nobody accepts it when the removal is answered', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(first)
    const stolen = kidOf(before)
    const sign = await thief(stolen)
    const [used, unused, nameless] = [
      await sign(before),
      await sign(before),
      await sign(before, { kid: undefined }),
    ]
    assert.deepEqual(await everywhere(used), all('ok'), 'a forged token is as good as any')
    assert.deepEqual(await everywhere(before), all('ok'))

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
      const token = await login(node)
      assert.notEqual(kidOf(token), stolen)
      assert.deepEqual(await everywhere(token), all('ok'), 'what the new key signs is good')
    }
    assert.deepEqual(await remove(first, stolen), { id, added: false }, 'again: nothing happens')
  })

  test('after a rotation: sessions go on, and so do those of whoever refreshes', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const opened = await ask(first.child, 'POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    assert.equal(opened?.status, 200, opened?.text)
    const { access_token: before, refresh_token: refreshToken } = opened.json().data as {
      access_token: string
      refresh_token: string
    }
    const rotated = await ask(first.child, 'POST', '/outright/v1/keys/rotate', { headers: admin })
    assert.ok(rotated)
    const { kid } = rotated.json() as { kid: string }
    await remove(second, kidOf(before))
    const body = { refresh_token: refreshToken }
    const refreshed = await ask(second.child, 'POST', '/auth/refresh', { body })
    assert.equal(refreshed?.status, 200, refreshed?.text)
    const { access_token: after } = refreshed.json().data as { access_token: string }
    assert.equal(kidOf(after), kid)
    for (const { child } of fleet.guards) {
      const said = async (token: string): Promise<string | undefined> =>
        (await ask(child, 'GET', '/', { headers: { authorization: `Bearer ${token}` } }))?.text
      assert.equal(await said(after), 'ok')
    }
    assert.deepEqual(await everywhere(before), all('no'))
  })

  test('is not believed again by a node or a guard that starts later', async () => {
    const [first] = fleet.nodes as [Node, Node]
    const before = await login(first)
    const sign = await thief(kidOf(before))
    await remove(first, kidOf(before))
    const forged = await sign(before)
    await first.child.kill()
    await fleet.restart(first)
    await fleet.addGuard(first)
    await fleet.settled(SETTLED_WITHIN_MS)
    assert.deepEqual(await everywhere(forged), all('no'))
    assert.deepEqual(await everywhere(await login(first)), all('ok'))
  })

  test('is waited for one lease where a node is frozen, which accepts nothing when it wakes', async () => {
    const [first, second] = fleet.nodes as [Node, Node]
    const before = await login(first)
    const forged = await (await thief(kidOf(before)))(before)
    assert.deepEqual(await everywhere(forged), all('ok'))
    // Beforehand: the three seconds in which a new key is only published outlast a lease.
    await ask(first.child, 'POST', '/outright/v1/keys/rotate', { headers: admin })
    while (kidOf(await login(first)) === kidOf(before)) await sleep(50)
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
    assert.match(confirmed ?? '', /lapsed=1;/)
    for (let turn = 0; turn < 5; turn++) assert.deepEqual(await everywhere(forged), all('no'))
    await fleet.settled(SETTLED_WITHIN_MS)
    assert.deepEqual(await everywhere(forged), all('no'))
    assert.deepEqual(await everywhere(await login(first)), all('ok'))
  })

  test('a key that nobody has ever had is not found', async () => {
    const [first] = fleet.nodes as [Node, Node]
    const path = `/outright/v1/keys/${randomUUID()}`
    assert.equal((await ask(first.child, 'DELETE', path, { headers: admin }))?.status, 404)
  })
})
