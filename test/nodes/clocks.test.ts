/** Servers whose wall clocks are wrong, jump while they run, and are set right. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { login, logout, maria } from './directlink.ts'
import { ask, askUntilAnswered, Child } from './processes.ts'
import { WallClock } from './wall-clock.ts'
import { admin } from './node-settings.ts'

const module = fileURLToPath(new URL('clock-child.ts', import.meta.url))
const guardModule = fileURLToPath(new URL('guard-child.ts', import.meta.url))
const hour = 3600
const day = 24 * hour

function serverAt(clock: WallClock | undefined, ...given: readonly string[]): Child {
  return new Child(['--conditions=outright-source', module, ...given], clock)
}

/** Where a database, which runs as another user, can read what time it is, too. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'outright-test-'))
  chmodSync(folder, 0o755)
  return folder
}

/** A stranger without a name. The answer comes when it is confirmed. */
async function endSubject(child: Child): Promise<void> {
  const { reply } = await askUntilAnswered(child, 'POST', '/outright/v1/revocations', {
    headers: admin,
    body: { scope: 'subject', key: 'somebody', reason: 'revoked_by_operator' },
  })
  assert.equal(reply.status, 201, reply.text)
}

/** A token of 30 days. */
async function hello(child: Child, query = ''): Promise<string> {
  return (await askUntilAnswered(child, 'GET', `/acme/hello${query}`)).reply.text
}

async function check(child: Child, token: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${token}` }
  return (await askUntilAnswered(child, 'GET', '/outright/v1/check', { headers })).reply.status
}

/** Whether the session of a token is in the database. */
async function isStored(child: Child, token: string): Promise<boolean> {
  const { sid } = decodeJwt(token)
  const path = `/outright/v1/sessions/${String(sid)}`
  return (await askUntilAnswered(child, 'GET', path, { headers: admin })).reply.status === 200
}

async function guardSays(guard: Child, token: string): Promise<string | undefined> {
  return (await ask(guard, 'GET', '/', { headers: { authorization: `Bearer ${token}` } }))?.text
}

/** Tries until it holds, for as long as a busy machine may need. */
async function until(holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it does not come to that')
    await sleep(200)
  }
}

/** Resolves when it says why; it may lack a lease for a moment, and never accepts. */
async function guardRefuses(guard: Child, token: string): Promise<void> {
  await until(async () => {
    const said = await guardSays(guard, token)
    assert.notEqual(said, 'ok')
    return said === 'revoked'
  })
}

const readiness = async (child: Child): Promise<string> =>
  (await ask(child, 'GET', '/readyz'))?.text ?? ''

suite('one server on SQLite', () => {
  const folder = makeFolder()
  const clock = new WallClock(join(folder, 'time'))
  const child = serverAt(clock, join(folder, 'data'))

  before(() => child.start())
  after(async () => {
    await child.kill()
    rmSync(folder, { recursive: true })
  })

  test('whose clock is 400 days ahead for a while brings nothing back and deletes nothing', async () => {
    const [dead, alive] = [await login(child), await login(child)]
    const month = await hello(child, '?name=ben')
    await logout(child, dead)
    clock.setWrong(400 * day)
    // Several sweeps, and a round of forgetting over the whole replica.
    await sleep(5_000)
    const guard = new Child([guardModule, child.url, 'guard'])
    await guard.start()
    clock.setRight()
    await sleep(2000)
    assert.equal(await check(child, dead), 401)
    assert.equal(await check(child, alive), 200)
    assert.equal(await check(child, month), 200)
    assert.equal(await isStored(child, alive), true)
    await until(async () => (await guardSays(guard, alive)) === 'ok')
    await guardRefuses(guard, dead)
    await guard.kill()
    await logout(child, alive)
    assert.match(child.said, /wall clock has jumped ahead/)
  })

  test('a token of 30 days that was logged out is refused 11 days later, also after a restart', async () => {
    const token = await hello(child)
    assert.equal(await check(child, token), 200)
    await endSubject(child)
    clock.setWrong(11 * day)
    await sleep(3000)
    assert.equal(await check(child, token), 401)
    await child.kill()
    await child.start()
    assert.equal(await check(child, token), 401)
    clock.setRight()
  })
})

suite('two nodes on PostgreSQL, and its database, for all of which time passes', () => {
  const folder = makeFolder()
  const clock = new WallClock(join(folder, 'time'))
  let cluster: TestCluster
  let nodes: readonly [Child, Child]

  before(async () => {
    const kept = { ...process.env }
    Object.assign(process.env, clock.environment)
    try {
      cluster = await startCluster()
    } finally {
      for (const name of Object.keys(clock.environment)) delete process.env[name]
      Object.assign(process.env, kept)
    }
    const url = await cluster.createDatabase()
    const node = (name: string): Child => serverAt(clock, folder, url, name)
    nodes = [node('north'), node('south')]
    await Promise.all(nodes.map((child) => child.start()))
  })
  after(async () => {
    await Promise.all(nodes.map((child) => child.kill()))
    await cluster.stop()
    rmSync(folder, { recursive: true })
  })

  test('a token of 30 days that was logged out is refused by both 11 days later, also after restarts', async () => {
    const [north, south] = nodes
    const token = await hello(north)
    assert.equal(await check(south, token), 200)
    await endSubject(south)
    clock.setWrong(11 * day)
    await until(async () => (await readiness(north)) === 'ready\n')
    for (const node of nodes) assert.equal(await check(node, token), 401)
    await Promise.all(nodes.map((node) => node.kill()))
    await Promise.all(nodes.map((node) => node.start()))
    for (const node of nodes) {
      await until(async () => (await readiness(node)) === 'ready\n')
      assert.equal(await check(node, token), 401)
    }
    // It is not refused because everything is.
    const another = await hello(north)
    assert.equal(await check(south, another), 200)
  })
})

suite('three nodes on PostgreSQL, one of which has a clock that is wrong', () => {
  const folder = makeFolder()
  const clock = new WallClock(join(folder, 'time'))
  let cluster: TestCluster
  let nodes: readonly Child[]
  let guard: Child

  before(async () => {
    cluster = await startCluster()
    const url = await cluster.createDatabase()
    nodes = [1, 2, 3].map((number) =>
      serverAt(number === 3 ? clock : undefined, folder, url, `node-${String(number)}`),
    )
    await Promise.all(nodes.map((node) => node.start()))
    guard = new Child([guardModule, nodes[0]!.url, 'guard'])
    await guard.start()
  })
  after(async () => {
    await Promise.all([...nodes, guard].map((child) => child.kill()))
    await cluster.stop()
    rmSync(folder, { recursive: true })
  })

  for (const [name, seconds] of [
    ['two hours ahead', 2 * hour],
    ['an hour behind', -hour],
  ] as const) {
    test(`${name}: it says so and serves no caller, the others go on, and it recovers`, async () => {
      const [one, two, wrong] = nodes as [Child, Child, Child]
      const [dead, alive] = [await login(one), await login(wrong)]
      await logout(two, dead)
      clock.setWrong(seconds)
      await until(async () =>
        /not ready: its clock is .* the database's/.test(await readiness(wrong)),
      )
      const reply = await ask(wrong, 'POST', '/directlink/v1/auth/login', { headers: maria })
      assert.ok((reply?.status ?? 0) >= 500, 'it signs nothing')
      for (const token of [dead, alive]) {
        const headers = { authorization: `Bearer ${token}` }
        const judged = await ask(wrong, 'GET', '/outright/v1/check', { headers })
        assert.notEqual(judged?.status, 200)
      }
      await until(async () => (await guardSays(guard, alive)) === 'ok')
      for (const good of [one, two]) assert.equal(await check(good, alive), 200)
      await guardRefuses(guard, dead)
      // Also where it starts so.
      await wrong.kill()
      await wrong.start()
      await until(async () => /its clock is/.test(await readiness(wrong)))
      assert.match(wrong.said, /answers no checks and signs no tokens: set its clock/)
      clock.setRight()
      await until(async () => (await readiness(wrong)) === 'ready\n')
      assert.equal(await check(wrong, dead), 401)
      assert.equal(await check(wrong, alive), 200)
      await logout(wrong, alive)
    })
  }
})
