/**
 * The promise, with nothing simulated: a server process, guards in other processes, and networks
 * between them that are slow, frozen or gone.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import { countedLeaseMs } from '../../src/feed/lease-rules.ts'
import { feedSettings } from '../../src/feed/settings.ts'
import { Fleet, eventually, type GuardProcess } from './children/fleet.ts'

/** Longer than a busy machine may keep a guard from renewing. */
const LEASE_MS = 5_000
/** With the margins that the node counts (docs/lease-argument.md), on a machine that is busy. */
const CONFIRMED_WITHIN_MS = 1.7 * countedLeaseMs(LEASE_MS, feedSettings({}))
const ROUNDS = 40
const DELAYS_MS = [0, 20, 3, 11, 0, 7] as const

let fleet: Fleet

before(async () => {
  fleet = await Fleet.start(LEASE_MS)
  for (let number = 0; number < 3; number++) await fleet.addGuard()
  for (const guard of fleet.guards) assert.equal(await guard.ready(), 'ready')
})

after(() => fleet.stop())

function verdicts(guards: readonly GuardProcess[], token: string): Promise<string[]> {
  return Promise.all(guards.map((guard) => guard.verdict(token)))
}

/** Checks a token at guards again and again, until it is ended; then gives every verdict there was. */
function keepChecking(
  context: TestContext,
  guards: readonly GuardProcess[],
  token: string,
): () => Promise<readonly string[]> {
  const seen = new Set<string>()
  const state = { ended: false }
  // Also where the test fails before it ends this.
  context.after(() => {
    state.ended = true
  })
  const running = Promise.all(
    guards.map(async (guard) => {
      while (!state.ended) seen.add(await guard.verdict(token))
    }),
  )
  return async () => {
    state.ended = true
    await running
    return [...seen]
  }
}

suite('guards in processes of their own', () => {
  test('when a logout is answered, every guard already refuses, whatever its network', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { network }] of fleet.guards.entries()) {
        network.delay(DELAYS_MS[(round + index * 2) % DELAYS_MS.length]!)
      }
      const [dead, live] = await Promise.all([fleet.login(), fleet.login()])
      assert.deepEqual(await verdicts(fleet.guards, dead), ['ok', 'ok', 'ok'])
      const { acknowledged, verifiers, lapsed } = await fleet.logout(dead)
      assert.deepEqual(await verdicts(fleet.guards, dead), ['revoked', 'revoked', 'revoked'])
      assert.deepEqual(await verdicts(fleet.guards, live), ['ok', 'ok', 'ok'])
      assert.ok(acknowledged >= 3 && acknowledged === verifiers && lapsed === 0)
    }
    for (const { network } of fleet.guards) network.delay(0)
  })

  test('many logouts at once are each refused by every guard from their answer on', async () => {
    for (const { network } of fleet.guards) network.delay(5)
    const tokens = await Promise.all(Array.from({ length: 60 }, () => fleet.login()))
    await Promise.all(
      tokens.map(async (token) => {
        await fleet.logout(token)
        assert.deepEqual(await verdicts(fleet.guards, token), ['revoked', 'revoked', 'revoked'])
      }),
    )
    for (const { network } of fleet.guards) network.delay(0)
  })

  test('a guard that freezes in the middle of a logout lapses, and refuses when it wakes', async (context) => {
    const [sleeper, ...others] = fleet.guards as [GuardProcess, ...GuardProcess[]]
    const [dead, live] = await Promise.all([fleet.login(), fleet.login()])
    assert.deepEqual(await verdicts(fleet.guards, dead), ['ok', 'ok', 'ok'])
    const ended = keepChecking(context, others, live)
    // The news are still on their way when it freezes, and wait for it in its socket.
    sleeper.network.delay(300)
    const logout = fleet.logout(dead)
    sleeper.signal('SIGSTOP')
    context.after(() => {
      sleeper.signal('SIGCONT')
      sleeper.network.delay(0)
    })
    const { lapsed, ms } = await logout
    assert.equal(lapsed, 1)
    assert.ok(ms <= CONFIRMED_WITHIN_MS, `confirmed after ${String(ms)} ms`)
    assert.deepEqual(await verdicts(others, dead), ['revoked', 'revoked'])
    // Asked while it sleeps: these are the first things that it answers.
    const first = [sleeper.verdict(dead), sleeper.verdict(live)] as const
    sleeper.signal('SIGCONT')
    assert.notEqual(await first[0], 'ok')
    assert.notEqual(await first[1], 'revoked')
    sleeper.network.delay(0)
    await eventually(
      'fresh again',
      () => sleeper.verdict(live),
      (verdict) => verdict === 'ok',
    )
    assert.equal(await sleeper.verdict(dead), 'revoked')
    assert.deepEqual(await ended(), ['ok'], 'the others worked all the time')
  })

  test('a guard behind a half-open network goes stale, answers 503, and mends itself', async (context) => {
    const [cutOff, ...others] = fleet.guards as [GuardProcess, ...GuardProcess[]]
    const [dead, live] = await Promise.all([fleet.login(), fleet.login()])
    assert.equal((await cutOff.get('/hello', dead)).status, 200)
    const ended = keepChecking(context, others, live)
    cutOff.network.freeze()
    context.after(() => {
      cutOff.network.thaw()
    })
    const { lapsed, ms } = await fleet.logout(dead)
    assert.notEqual((await cutOff.get('/hello', dead)).status, 200, 'refused from the answer on')
    assert.equal(lapsed, 1)
    assert.ok(ms <= CONFIRMED_WITHIN_MS, `confirmed after ${String(ms)} ms`)
    const answer = await eventually(
      'stale without a lease',
      () => cutOff.get('/hello', live),
      ({ status }) => status === 503,
    )
    assert.equal(answer.headers['retry-after'], '1')
    assert.equal((await cutOff.status()).fresh, false)
    cutOff.network.thaw()
    await eventually(
      'accepts again',
      () => cutOff.get('/hello', live),
      ({ status }) => status === 200,
    )
    assert.equal((await cutOff.get('/hello', dead)).status, 401)
    assert.deepEqual(await ended(), ['ok'], 'the others worked all the time')
  })

  test('a server is killed and started again: no guard guesses, and the dead stay dead', async (context) => {
    const [dead, live] = await Promise.all([fleet.login(), fleet.login()])
    await fleet.logout(dead)
    const ended = keepChecking(context, fleet.guards, dead)
    await fleet.killServer()
    for (const guard of fleet.guards) {
      await eventually(
        'stale',
        () => guard.verdict(live),
        (verdict) => verdict === 'stale',
      )
      assert.equal(await guard.verdict(dead), 'revoked', 'known to be dead, stale or not')
    }
    await fleet.startServer()
    for (const guard of fleet.guards) {
      await eventually(
        'back',
        () => guard.verdict(live),
        (verdict) => verdict === 'ok',
      )
    }
    assert.deepEqual(await ended(), ['revoked'])
    // The first logout may have to wait for leases of before; the promise is the same.
    await fleet.logout(live)
    assert.deepEqual(await verdicts(fleet.guards, live), ['revoked', 'revoked', 'revoked'])
  })

  test('a credential that is not known ends ready(), with a reason', async () => {
    const stranger = await fleet.addGuard('not-a-credential')
    fleet.guards.pop()
    try {
      const said = await stranger.ready()
      assert.match(said, /^Error: Cannot get ready: the server refused the credential/)
      assert.ok(!said.includes('not-a-credential'), 'credentials are not shown')
      assert.equal(await stranger.verdict(await fleet.login()), 'stale')
    } finally {
      await stranger.kill()
    }
  })
})
