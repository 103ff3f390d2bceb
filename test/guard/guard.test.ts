/** Guards at a real server, over real sockets. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createGuard, type Guard, type GuardOptions } from '../../src/guard/index.ts'
import { LEASE_MS, startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
const guards: Guard[] = []

before(async () => {
  server = await startTestServer()
})

after(async () => {
  for (const guard of guards) guard.close()
  await server.close()
})

/** A guard with a name, and so a feed, of its own. */
function guardOf(options: Partial<GuardOptions> = {}): Guard {
  const guard = createGuard({
    server: server.url,
    credential: 'outright-demo-guard',
    name: `guard-${guards.length}`,
    ...options,
  })
  guards.push(guard)
  return guard
}

async function login(subjectId = 'maria'): Promise<{ token: string; sid: string }> {
  const { session, access } = await server.core.openSession({
    subjectId,
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs: 600_000,
  })
  return { token: access.token, sid: session.sid }
}

function logout(sid: string): ReturnType<TestServer['core']['revoke']> {
  return server.core.revoke({
    scope: 'session',
    key: sid,
    reason: 'logout',
    actor: 'system',
    wait: true,
  })
}

suite('a guard at a server', () => {
  test('checkNow() knows a token that was checked before, and what became of it', async () => {
    const guard = guardOf()
    await guard.ready()
    const { token, sid } = await login()
    assert.equal(guard.checkNow(token), undefined)
    assert.deepEqual(guard.checkNow(undefined), { ok: false, reason: 'missing' })
    const verdict = await guard.check(token)
    assert.deepEqual(guard.checkNow(token), verdict)
    assert.deepEqual(guard.checkNow(token, { audience: 'other' }), { ok: false, reason: 'invalid' })
    assert.equal(guard.status().counters.accepted, 2)
    await logout(sid)
    assert.deepEqual(guard.checkNow(token), { ok: false, reason: 'revoked' })
    guard.close()
    // Without a lease the policy has to say, so it is not known now.
    const { token: other } = await login()
    assert.equal(guard.checkNow(other), undefined)
    assert.deepEqual(await guard.check(other), { ok: false, reason: 'stale' })
  })

  test('accepts a good token, and refuses it from the answer of its logout on', async () => {
    const guard = guardOf()
    await guard.ready()
    const { token, sid } = await login()
    const verdict = await guard.check(token)
    assert.equal(verdict.ok && verdict.claims.sid, sid)
    const { receipt } = await logout(sid)
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'revoked' })
    assert.ok(receipt.confirmed)
    assert.ok(receipt.acknowledged >= 2, 'the node and the guard')
    assert.equal(receipt.lapsed, 0)
  })

  test('knows what was revoked before it connected', async () => {
    const { token, sid } = await login()
    await logout(sid)
    const guard = guardOf()
    await guard.ready()
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'revoked' })
  })

  test('tells a missing token from a wrong one, and checks the audience', async () => {
    const guard = guardOf({ audience: 'demo-api' })
    await guard.ready()
    const { token } = await login()
    assert.equal((await guard.check(token)).ok, true)
    assert.deepEqual(await guard.check(undefined), { ok: false, reason: 'missing' })
    assert.deepEqual(await guard.check('x'), { ok: false, reason: 'invalid' })
    assert.deepEqual(await guard.check(`${token}x`), { ok: false, reason: 'invalid' })
    const other = await guard.check(token, { audience: 'another-api' })
    assert.deepEqual(other, { ok: false, reason: 'invalid' })
  })

  test('calls a watch once when its session, its subject or everyone is revoked', async () => {
    const guard = guardOf()
    await guard.ready()
    const calls: string[] = []
    const { token, sid } = await login()
    const verdict = await guard.check(token)
    assert.ok(verdict.ok)
    guard.watch(verdict.claims, () => calls.push('ended'))
    const unwatch = guard.watch(verdict.claims, () => calls.push('never'))
    unwatch()
    await logout(sid)
    assert.deepEqual(calls, ['ended'])
    guard.watch(verdict.claims, () => calls.push('late'))
    await new Promise(setImmediate)
    assert.deepEqual(calls, ['ended', 'late'])
    assert.equal(guard.status().watches, 0)
  })

  test('says what it is doing', async () => {
    const guard = guardOf({ name: 'orders' })
    await guard.ready()
    await guard.check(undefined)
    const { fresh, leaseLeftMs, position, counters, connected, lagMs } = guard.status()
    assert.ok(fresh && connected && leaseLeftMs > 0 && leaseLeftMs <= LEASE_MS)
    assert.ok((lagMs ?? -1) >= 0)
    assert.equal(counters.missing, 1)
    assert.deepEqual(Object.keys(position), [server.store.stream])
  })

  test('is stale after it is closed, and a logout does not wait for it', async () => {
    const guard = guardOf()
    await guard.ready()
    const { token, sid } = await login()
    guard.close()
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'stale' })
    const { receipt } = await logout(sid)
    // A guard that is closed acknowledges nothing: one that is waited for lapses.
    assert.equal(receipt.lapsed, 0)
    assert.ok(receipt.elapsedMs < LEASE_MS, `took ${receipt.elapsedMs} ms`)
    await assert.rejects(guard.ready(), /closed/)
  })

  test('says so where its credential is refused', async () => {
    const guard = guardOf({ credential: 'wrong' })
    await assert.rejects(guard.ready(), /refused the credential/)
    assert.equal(guard.status().fresh, false)
  })
})

suite('a guard that has no lease', () => {
  const unreachable = { connect: () => ({ send: () => undefined, close: () => undefined }) }

  test('refuses by default', async () => {
    const { token } = await login()
    assert.deepEqual(await guardOf(unreachable).check(token), { ok: false, reason: 'stale' })
  })

  test('asks the server where told to', async () => {
    const issuer = 'http://127.0.0.1:8080'
    const guard = guardOf({ ...unreachable, issuer, onStale: 'ask' })
    const { token, sid } = await login()
    const verdict = await guard.check(token)
    assert.equal(verdict.ok && verdict.claims.sid, sid)
    await logout(sid)
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'revoked' })
    assert.equal(guard.status().counters.asked, 2)
  })

  test('allows where told to, counted', async () => {
    const issuer = 'http://127.0.0.1:8080'
    const guard = guardOf({ ...unreachable, issuer })
    const { token } = await login()
    assert.equal((await guard.check(token, { onStale: 'allow' })).ok, true)
    assert.equal(guard.status().counters.allowedStale, 1)
    const bad = await guard.check('x.y.z', { onStale: 'allow' })
    assert.deepEqual(bad, { ok: false, reason: 'invalid' })
  })
})
