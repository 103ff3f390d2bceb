/** What happens to the guards that share a feed when it fails, is refused, or cannot be opened. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PlayedFeed, verdictOf } from '../testing/played-feed.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import type { Guard, GuardLog } from './index.ts'
import type { ConnectFeed } from './transport.ts'

const pool = await makeTokenPool(1)
const [first] = pool.tokens
assert.ok(first)

suite('a feed that fails', () => {
  test('rejects ready() of every guard whose credential is refused, also of those that join later', async () => {
    const feed = new PlayedFeed(pool.key)
    feed.refuses = true
    const early = [feed.guard(), feed.guard()]
    const waiting = early.map((guard) => assert.rejects(guard.ready(), /refused the credential/))
    await Promise.all([feed.pass(5), ...waiting])
    // The next turn would be seconds away.
    const late = feed.guard()
    const refused = assert.rejects(late.ready(), /refused the credential/)
    await Promise.all([feed.pass(5), refused])
    assert.equal(feed.connections.length, 2)
    // Meanwhile the credential was added.
    feed.refuses = false
    const last = feed.guard()
    await Promise.all([feed.pass(5), last.ready()])
    for (const guard of [...early, late]) await guard.ready()
    await feed.pass(20_000)
    assert.equal(feed.connections.length, 3, 'no connection of before is tried again')
    for (const guard of [...early, late, last]) guard.close()
  })

  test('is written once into each log, however many guards have it', async () => {
    const feed = new PlayedFeed(pool.key)
    const shared = feed.log('shared')
    const guards = [
      feed.guard({ log: shared }),
      feed.guard({ log: shared }),
      feed.guard({ log: feed.log('own') }),
      feed.guard(),
    ]
    await Promise.all([feed.pass(100), guards[0]!.ready()])
    guards.push(feed.guard({ log: feed.log('late') }), feed.guard({ log: shared }))
    guards[2]!.close()
    feed.cut()
    await feed.pass(1000)
    assert.deepEqual(
      feed.told.filter((line) => line.includes(': ')),
      [
        'shared: the feed is followed',
        'own: the feed is followed',
        'late: the feed is followed',
        'shared: the feed was disconnected',
        'late: the feed was disconnected',
        'shared: the feed is followed',
        'late: the feed is followed',
      ],
    )
    for (const guard of guards) guard.close()
  })

  test('can be left by who hears of it', async () => {
    const feed = new PlayedFeed(pool.key)
    const log: GuardLog = {
      ...feed.log('log'),
      warn: () => {
        guard.close()
      },
    }
    const guard = feed.guard({ log })
    await Promise.all([feed.pass(100), guard.ready()])
    feed.cut()
    await feed.pass(60_000)
    assert.equal(feed.connections.length, 1)
  })

  test('is tried again for all where a connection cannot even be tried', async () => {
    const feed = new PlayedFeed(pool.key)
    let fails = false
    const connect: ConnectFeed = (target, events) => {
      if (fails) throw new Error('no network')
      return feed.options.connect!(target, events)
    }
    const early = feed.guard({ connect, log: feed.log('log') })
    await Promise.all([feed.pass(100), early.ready()])
    fails = true
    feed.cut()
    const late = feed.guard({ connect })
    await feed.pass(1000)
    assert.deepEqual(new Set(feed.told.slice(-3)), new Set(['log: the feed was disconnected']))
    fails = false
    await Promise.all([feed.pass(10_000), early.ready(), late.ready()])
    assert.equal(feed.connections.length, 2)
    feed.cut()
    await feed.pass(100)
    assert.equal(feed.connections.length, 3, 'the pause is short again')
    for (const guard of [early, late]) guard.close()
  })

  test('ends where its last guard is closed while a connection is opened', async () => {
    const feed = new PlayedFeed(pool.key)
    const connect: ConnectFeed = (target, events) => {
      if (feed.connections.length === 1) guard.close()
      return feed.options.connect!(target, events)
    }
    const guard = feed.guard({ connect })
    await Promise.all([feed.pass(100), guard.ready()])
    feed.cut()
    await feed.pass(60_000)
    assert.deepEqual([feed.connections.length, feed.connections[1]?.received], [2, []])
    assert.equal(feed.time.step(Infinity), false, 'nothing more happens')
  })

  test('is joined by a guard that is made while a connection is opened', async () => {
    const feed = new PlayedFeed(pool.key)
    const made: Guard[] = []
    const connect: ConnectFeed = (target, events) => {
      if (feed.connections.length === 1 && made.length === 1) made.push(feed.guard({ connect }))
      return feed.options.connect!(target, events)
    }
    made.push(feed.guard({ connect }))
    await Promise.all([feed.pass(100), made[0]?.ready()])
    feed.cut()
    await feed.pass(1000)
    assert.deepEqual([made.length, feed.connections.length], [2, 2])
    for (const guard of made) {
      await guard.ready()
      guard.close()
    }
  })

  test('keeps no caller waiting for a guard that is closed, whatever its log does', async () => {
    const feed = new PlayedFeed(pool.key)
    const warn = (): never => {
      throw new Error('no disk')
    }
    const log: GuardLog = { ...feed.log('log'), warn }
    const guard = feed.guard({ issuer, onStale: 'allow', log })
    const rejected = assert.rejects(guard.ready(), /the guard is closed/)
    assert.equal(await verdictOf(guard, first), 'accepted')
    guard.close()
    await rejected
    assert.equal(guard.status().counters.failures, 1)
  })

  test('is tried again where the first connection cannot even be tried', async () => {
    const feed = new PlayedFeed(pool.key)
    let fails = true
    const connect: ConnectFeed = (target, events) => {
      if (fails) throw new Error('no network')
      return feed.options.connect!(target, events)
    }
    const guard = feed.guard({ connect })
    const waited = assert.rejects(
      guard.ready({ timeoutMs: 1000 }),
      new Error('Cannot get ready within 1000 ms: Error: no network'),
    )
    await Promise.all([feed.pass(1001), waited])
    fails = false
    await Promise.all([feed.pass(2000), guard.ready()])
    guard.close()
  })
})
