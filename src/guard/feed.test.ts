/** What guards of one process share, what they do not, and what they are told. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PlayedFeed, verdictOf } from '../testing/played-feed.ts'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import { createGuardWithRules } from './guard.ts'
import { createGuard, type Guard, type GuardLog, type GuardOptions } from './index.ts'
import { guardRules } from './lease.ts'

const pool = await makeTokenPool(2)
const [first, second] = pool.tokens
assert.ok(first && second)

suite('guards of one process', () => {
  test('share a feed where they differ in what concerns their own checks only', async () => {
    const feed = new PlayedFeed(pool.key)
    const guards = [
      feed.guard(),
      feed.guard({ audience: 'api' }),
      feed.guard({ onStale: 'ask', askTimeoutMs: 5, cacheSize: 0 }),
      feed.guard({ server: `${issuer}/`, name: 'guard', log: feed.log('log') }),
    ]
    await Promise.all([feed.pass(100), ...guards.map((guard) => guard.ready())])
    assert.equal(feed.connections.length, 1)
    for (const guard of guards) {
      assert.equal(await verdictOf(guard, first), 'accepted')
      const { fresh, connected, counters } = guard.status()
      assert.ok(fresh && connected)
      assert.deepEqual([counters.connections, counters.snapshots], [1, 1])
      assert.equal(counters.accepted, 1, 'its own')
    }
    for (const guard of guards) guard.close()
  })

  test('have feeds of their own where anything else differs', () => {
    const feed = new PlayedFeed(pool.key)
    const { clock, connect, random, keys } = feed.options
    assert.ok(clock && connect && random && keys)
    const different: readonly Partial<GuardOptions>[] = [
      {},
      { server: `${issuer}/prefix` },
      { credential: 'another' },
      { name: 'another' },
      { issuer },
      { connect: (target, events) => connect(target, events) },
      { random: () => random() },
      { fetch: (url, init) => fetch(url, init) },
      { keys: (header, token) => keys(header, token) },
      { clock: new SimulatedProcess('another', feed.time, { rate: 1, wallOffsetMs: 0 }) },
    ]
    const guards = [...different, ...different].map((options) => feed.guard(options))
    assert.equal(feed.connections.length, different.length)
    const apart = createGuardWithRules(feed.options, { ...guardRules })
    apart.ready().catch(() => undefined)
    guards.push(apart)
    assert.equal(feed.connections.length, different.length + 1)
    for (const guard of guards) guard.close()
  })

  test('are ready at once where the feed is followed already', async () => {
    const feed = new PlayedFeed(pool.key)
    const early = feed.guard()
    await Promise.all([feed.pass(100), early.ready()])
    const late = feed.guard()
    await late.ready()
    assert.equal(await verdictOf(late, first), 'accepted')
    assert.equal(feed.connections.length, 1)
    for (const guard of [early, late]) guard.close()
  })

  test('accept nothing when they are closed, while the others go on', async () => {
    const feed = new PlayedFeed(pool.key)
    let found: (() => void) | undefined
    const search = new Promise<void>((resolve) => {
      found = resolve
    })
    let isSlow = false
    const keys = async () => {
      if (isSlow) await search
      return pool.key
    }
    const closed = feed.guard({ keys, onStale: 'allow' })
    const other = feed.guard({ keys })
    await Promise.all([feed.pass(100), closed.ready()])
    assert.equal(await verdictOf(closed, first), 'accepted')
    isSlow = true
    const underWay = verdictOf(closed, second)
    let calls = 0
    const verdict = await closed.check(first.jwt)
    assert.ok(verdict.ok)
    closed.watch(verdict.claims, () => calls++)
    closed.close()
    found?.()
    assert.equal(await underWay, 'stale')
    assert.equal(await verdictOf(closed, first), 'stale')
    assert.equal(closed.checkNow(first.jwt), undefined)
    assert.deepEqual(
      [closed.status().fresh, closed.status().connected, closed.status().leaseLeftMs],
      [false, false, 0],
    )
    await assert.rejects(closed.ready(), /the guard is closed/)
    assert.equal(await verdictOf(other, first), 'accepted')
    await feed.pass(10_000)
    assert.equal(await verdictOf(other, first), 'accepted')
    feed.revoke(first.claims.sid)
    assert.equal(await verdictOf(other, first), 'revoked')
    assert.deepEqual([calls, closed.status().watches], [0, 0])
    assert.equal(feed.connections.length, 1)
    other.close()
  })

  test('allow nothing either when they are closed meanwhile', async () => {
    const feed = new PlayedFeed(pool.key)
    let found: (() => void) | undefined
    const search = new Promise<void>((resolve) => {
      found = resolve
    })
    let searches = 0
    const keys = async () => {
      if (++searches === 2) await search
      return pool.key
    }
    const guard = feed.guard({ keys, issuer, onStale: 'allow' })
    const underWay = verdictOf(guard, first)
    while (searches < 2) await new Promise(setImmediate)
    guard.close()
    found?.()
    assert.equal(await underWay, 'stale')
  })

  test('give the lease back when the last is closed, and only then', async () => {
    const feed = new PlayedFeed(pool.key)
    const [one, other] = [feed.guard(), feed.guard()]
    await Promise.all([feed.pass(100), one.ready()])
    const frames = (): readonly string[] => feed.connections[0]!.received.map(({ type }) => type)
    one.close()
    one.close()
    assert.ok(!frames().includes('release'))
    other.close()
    assert.equal(frames().at(-1), 'release')
    await feed.pass(60_000)
    assert.equal(feed.connections.length, 1, 'and nothing more happens')
    const next = feed.guard()
    assert.equal(await verdictOf(next, first), 'stale')
    await Promise.all([feed.pass(100), next.ready()])
    assert.equal(feed.connections.length, 2)
    next.close()
  })

  test('are others where all were closed and one is made in the same turn', async () => {
    const feed = new PlayedFeed(pool.key)
    const before = [feed.guard(), feed.guard()]
    await Promise.all([feed.pass(100), before[0]!.ready()])
    assert.equal(await verdictOf(before[0]!, first), 'accepted')
    for (const guard of before) guard.close()
    const next = feed.guard()
    assert.equal(next.status().fresh, false)
    for (const guard of [...before, next]) assert.equal(await verdictOf(guard, first), 'stale')
    await Promise.all([feed.pass(100), next.ready()])
    for (const guard of before) assert.equal(await verdictOf(guard, first), 'stale')
    assert.equal(await verdictOf(next, first), 'accepted')
    const [left, own] = feed.connections.map(({ received }) => received)
    assert.equal(left?.at(-1)?.type, 'release')
    const starts = [left, own].map((frames) => frames?.find((frame) => frame.type === 'start'))
    assert.notDeepEqual(starts[0]?.instance, starts[1]?.instance)
    assert.deepEqual([starts[0]?.attempt, starts[1]?.attempt], [1, 1])
    next.close()
  })

  test('watch what another of them verified, and what a guard of another feed did', async () => {
    const feed = new PlayedFeed(pool.key)
    const one = feed.guard()
    await Promise.all([feed.pass(100), one.ready()])
    const [verdict, another] = [await one.check(first.jwt), await one.check(second.jwt)]
    assert.ok(verdict.ok && another.ok)
    const late = feed.guard()
    late.watch(verdict.claims, () => feed.told.push('ended'))
    feed.told.length = 0
    feed.revoke(first.claims.sid)
    assert.deepEqual(feed.told, ['ended', 'acknowledged 1'])
    const later = feed.guard()
    await new Promise<void>((ended) => later.watch(verdict.claims, ended))

    const apart = feed.guard({ name: 'apart' })
    await Promise.all([feed.pass(100), apart.ready()])
    assert.equal(await verdictOf(apart, first), 'accepted', 'it has a replica of its own')
    feed.told.length = 0
    // In the same turn, though what the claims name had to be found out first.
    apart.watch(another.claims, () => feed.told.push('ended'))
    feed.revoke(second.claims.sid)
    assert.deepEqual(feed.told, ['ended', 'acknowledged 2'])
    for (const guard of [one, late, later, apart]) guard.close()
  })
})

test('a feed forgets what is over, and fetches its keys anew, once for all guards', async () => {
  const feed = new PlayedFeed(pool.key)
  const { keys: _, ...options } = feed.options
  let fetches = 0
  const fetch = (): Promise<Response> => {
    fetches++
    return Promise.resolve(Response.json({ keys: [] }))
  }
  const guards = [1, 2].map(() => createGuard({ ...options, fetch }))
  await Promise.all([guards[0]!.ready(), feed.pass(100)])
  const nowSeconds = Math.floor(options.clock!.nowMs() / 1000)
  feed.revoke(first.claims.sid, nowSeconds - 10)
  const entries = (): readonly number[] => guards.map((guard) => guard.status().entries)
  await feed.pass(3000)
  assert.deepEqual(entries(), [1, 1], 'the node may need it yet')
  feed.overSeconds = nowSeconds
  await feed.pass(3000)
  assert.deepEqual(entries(), [0, 0])
  assert.equal(fetches, 1)
  await feed.pass(600_000)
  assert.equal(fetches, 2)
  for (const guard of guards) guard.close()
})

suite('a wall clock', () => {
  test('of a node that is wrong refuses nothing that is good here: the guard looks for another', async () => {
    const feed = new PlayedFeed(pool.key)
    const clock = feed.options.clock as SimulatedProcess
    feed.overSeconds = Math.floor(clock.nowMs() / 1000) + 7200
    const guard = feed.guard({ log: feed.log('guard') })
    await feed.pass(3000)
    assert.equal(await verdictOf(guard, first), 'stale')
    assert.ok(feed.connections.length > 2)
    // Another node, or the same one with its clock set right.
    feed.overSeconds = Math.floor(clock.nowMs() / 1000) - 600
    await feed.pass(6000)
    assert.equal(await verdictOf(guard, first), 'accepted')
    // What it says of its own forgetting judges no token.
    feed.overSeconds += 7200
    await feed.pass(3000)
    assert.equal(await verdictOf(guard, first), 'accepted')
    guard.close()
  })

  test('that was ahead and is set right brings nothing back that the snapshot had left out', async () => {
    const feed = new PlayedFeed(pool.key)
    const clock = feed.options.clock as SimulatedProcess
    const aheadMs = first.claims.exp * 1000 - clock.nowMs() + 1000
    clock.setWallClock(aheadMs)
    feed.overSeconds = first.claims.exp
    const guard = feed.guard()
    await Promise.all([feed.pass(1000), guard.ready()])
    clock.setWallClock(-aheadMs)
    await feed.pass(3000)
    assert.equal(guard.status().fresh, true)
    assert.equal(await verdictOf(guard, first), 'expired')
    guard.close()
  })

  test('here that is ahead forgets no more than the node has forgotten', async () => {
    const feed = new PlayedFeed(pool.key)
    const clock = feed.options.clock as SimulatedProcess
    const guard = feed.guard()
    await Promise.all([feed.pass(1000), guard.ready()])
    feed.revoke(first.claims.sid, first.claims.exp)
    const aheadMs = first.claims.exp * 1000 - clock.nowMs() + 1000
    clock.setWallClock(aheadMs)
    await feed.pass(5000)
    clock.setWallClock(-aheadMs)
    await feed.pass(3000)
    assert.equal(await verdictOf(guard, first), 'revoked')
    assert.equal(await verdictOf(guard, second), 'accepted')
    guard.close()
  })
})

suite('a batch', () => {
  test('is acknowledged when every guard has ended what was open, whatever throws', async () => {
    const feed = new PlayedFeed(pool.key)
    const error = (): never => {
      throw new Error('no disk')
    }
    const log: GuardLog = { ...feed.log('log'), error }
    const guards = [feed.guard({ log }), feed.guard(), feed.guard()]
    await Promise.all([feed.pass(100), guards[0]!.ready()])
    for (const [index, guard] of guards.entries()) {
      const verdict = await guard.check(first.jwt)
      assert.ok(verdict.ok)
      for (const name of ['a', 'b']) {
        guard.watch(verdict.claims, () => {
          feed.told.push(`${index}${name} ended`)
          if (index === 0) throw new Error('a callback that fails')
        })
      }
    }
    feed.told.length = 0
    feed.revoke(first.claims.sid)
    await new Promise(setImmediate)
    assert.deepEqual(feed.told.slice(0, -1).toSorted(), [
      '0a ended',
      '0b ended',
      '1a ended',
      '1b ended',
      '2a ended',
      '2b ended',
    ])
    assert.equal(feed.told.at(-1), 'acknowledged 1')
    // Two callbacks, and a log that could not say so.
    assert.equal(guards[0]?.status().counters.failures, 4)
    for (const guard of guards) guard.close()
  })

  test('reaches who is left where a callback closes another guard, or makes one', async () => {
    const feed = new PlayedFeed(pool.key)
    const [one, other, third] = [feed.guard(), feed.guard(), feed.guard()]
    await Promise.all([feed.pass(100), one.ready()])
    const verdict = await one.check(first.jwt)
    assert.ok(verdict.ok)
    const made: Guard[] = []
    one.watch(verdict.claims, () => {
      other.close()
      made.push(feed.guard())
    })
    other.watch(verdict.claims, () => assert.fail('it is closed'))
    third.watch(verdict.claims, () => feed.told.push('ended'))
    feed.told.length = 0
    feed.revoke(first.claims.sid)
    assert.deepEqual(feed.told, ['ended', 'acknowledged 1'])
    assert.equal(await verdictOf(made[0]!, first), 'revoked')
    for (const guard of [one, third, ...made]) guard.close()
  })

  test('that is a whole snapshot is judged by every guard, before the acknowledgement', async () => {
    const feed = new PlayedFeed(pool.key)
    let searches = 0
    const keys = () => {
      searches++
      return pool.key
    }
    const guards = [feed.guard({ keys }), feed.guard({ keys })]
    await Promise.all([feed.pass(100), guards[0]!.ready()])
    const expired = { ...first.claims, exp: 1 }
    for (const [index, guard] of guards.entries()) {
      assert.equal(await verdictOf(guard, first), 'accepted')
      guard.watch(expired, () => feed.told.push(`${index} ended`))
    }
    feed.told.length = 0
    feed.cut()
    await feed.pass(1000)
    assert.deepEqual(feed.told, ['0 ended', '1 ended', 'acknowledged 0'])
    for (const guard of guards) assert.equal(await verdictOf(guard, first), 'accepted')
    assert.equal(searches, 4, 'each guard verifies every signature anew')
    for (const guard of guards) guard.close()
  })

  test('that is a whole snapshot lets no token be allowed by what was verified before', async () => {
    const feed = new PlayedFeed(pool.key)
    let searches = 0
    const keys = () => {
      searches++
      return pool.key
    }
    const guard = feed.guard({ keys, issuer, onStale: 'allow' })
    for (const _ of [1, 2]) assert.equal(await verdictOf(guard, first), 'accepted')
    assert.equal(searches, 2, 'once to judge it, once to allow it')
    // The snapshot has come, and no lease yet.
    await feed.pass(2)
    assert.deepEqual([guard.status().connected, guard.status().fresh], [true, false])
    assert.equal(await verdictOf(guard, first), 'accepted')
    assert.equal(guard.status().counters.allowedStale, 3)
    assert.equal(searches, 4)
    guard.close()
  })
})
