/** Whatever fails around a guard or in it stays with it: nothing reaches the process that it is in. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { PlayedFeed, verdictOf } from '../testing/played-feed.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import type { ConnectFeed } from './transport.ts'
import { createGuard, type GuardLog } from './index.ts'

const pool = await makeTokenPool(1)
const [first] = pool.tokens
assert.ok(first)

/** What would have ended the process. */
function uncaughtIn(context: TestContext): readonly unknown[] {
  const uncaught: unknown[] = []
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const runners = events.map((event) => process.listeners(event as 'uncaughtException'))
  const listener = (error: unknown): void => {
    uncaught.push(error)
  }
  for (const event of events) {
    process.removeAllListeners(event)
    process.on(event, listener)
  }
  context.after(() => {
    for (const [index, event] of events.entries()) {
      process.removeAllListeners(event)
      for (const runner of runners[index] ?? []) process.on(event as 'uncaughtException', runner)
    }
  })
  return uncaught
}

/** What is said of keys that cannot be fetched, and of tokens that are allowed without a lease. */
async function allowing(feed: PlayedFeed, log: GuardLog): Promise<void> {
  const { keys: _, ...options } = feed.options
  const fetch = (): Promise<never> => Promise.reject(new Error('no network'))
  const guards = [
    feed.guard({ log, onStale: 'allow', issuer }),
    createGuard({ ...options, log, fetch, name: 'another' }),
  ]
  assert.equal(await verdictOf(guards[0]!, first!), 'accepted')
  await Promise.all([guards[1]!.ready(), feed.pass(3000)])
  for (const guard of guards) guard.close()
}

type Fails = () => never

const failing: Fails = () => {
  throw new Error('no disk')
}
/** As one that is asynchronous does, although the types promise otherwise. */
const failingLater = (() => Promise.reject(new Error('no disk'))) as unknown as Fails

suite('what fails stays with the guard', () => {
  for (const [how, fails] of [
    ['throws', failing],
    ['rejects later', failingLater],
  ] as const) {
    test(`a log that ${how}, whatever is written`, async (context) => {
      const uncaught = uncaughtIn(context)
      const feed = new PlayedFeed(pool.key)
      const log = { info: fails, warn: fails, error: fails }
      const guards = [feed.guard({ log }), feed.guard({ log: { ...log } })]
      await Promise.all([feed.pass(3000), ...guards.map((guard) => guard.ready())])
      feed.cut()
      await feed.pass(3000)
      for (const guard of guards) guard.close()
      await allowing(new PlayedFeed(pool.key), log)
      await new Promise(setImmediate)
      assert.deepEqual(uncaught, [])
      assert.ok(guards.every((guard) => guard.status().counters.failures >= 2))
    })

    test(`a callback of a watch that ${how}`, async (context) => {
      const uncaught = uncaughtIn(context)
      const feed = new PlayedFeed(pool.key)
      const guard = feed.guard({ log: feed.log('log') })
      await Promise.all([feed.pass(100), guard.ready()])
      guard.watch(first.claims, fails)
      feed.revoke(first.claims.sid)
      await new Promise(setImmediate)
      assert.deepEqual(uncaught, [])
      assert.ok(feed.told.includes('log: a watch failed'))
      assert.equal(guard.status().counters.failures, 1)
      guard.close()
    })
  }

  for (const method of ['send', 'close'] as const) {
    test(`a socket that cannot ${method}: another is opened`, async (context) => {
      const uncaught = uncaughtIn(context)
      const feed = new PlayedFeed(pool.key)
      let fails = false
      const connect: ConnectFeed = (target, events) => {
        const socket = feed.options.connect!(target, events)
        const breaking = (): void => {
          if (fails) throw new Error(`cannot ${method}`)
        }
        return {
          send(frame) {
            breaking()
            socket.send(frame)
          },
          close(code, reason) {
            if (method === 'close') breaking()
            socket.close(code, reason)
          },
        }
      }
      const guard = feed.guard({ connect, log: feed.log('log') })
      await Promise.all([feed.pass(100), guard.ready()])
      fails = true
      await feed.pass(600)
      fails = false
      await feed.pass(2000)
      assert.deepEqual(uncaught, [])
      assert.ok(feed.told.includes('log: the feed was disconnected'))
      assert.equal(guard.status().fresh, true)
      assert.equal(await verdictOf(guard, first), 'accepted')
      guard.close()
    })
  }

  test('check() of what is not a string', async () => {
    const feed = new PlayedFeed(pool.key)
    const guard = feed.guard()
    await Promise.all([feed.pass(100), guard.ready()])
    const odd = [7, {}, [], Symbol('token'), null, true, '', '..', 'a.b.c', '\uD800.\uD800.x', 10n]
    for (const token of odd as never[]) {
      const { ok } = guard.checkNow(token) ?? (await guard.check(token))
      assert.equal(ok, false)
    }
    guard.close()
  })
})

suite('ready()', () => {
  test('waits for as long as it is told, and says why there is no lease', async () => {
    const feed = new PlayedFeed(pool.key)
    const connect: ConnectFeed = (_target, events) => {
      feed.time.after(1, () => {
        events.closed(1006, 'nothing listens at https://auth.example (ECONNREFUSED)')
      })
      return { send: () => undefined, close: () => undefined }
    }
    const guard = feed.guard({ connect })
    const rejected = assert.rejects(
      guard.ready({ timeoutMs: 2000 }),
      new Error(
        'Cannot get ready within 2000 ms: nothing listens at https://auth.example (ECONNREFUSED)',
      ),
    )
    await feed.pass(1999)
    let isOver = false
    void rejected.then(() => (isOver = true))
    await new Promise(setImmediate)
    assert.equal(isOver, false)
    await Promise.all([feed.pass(1000), rejected])
    guard.close()
  })

  test('says so where the server has not said anything', async () => {
    const feed = new PlayedFeed(pool.key)
    const guard = feed.guard({ connect: () => ({ send: () => undefined, close: () => undefined }) })
    const rejected = assert.rejects(guard.ready({ timeoutMs: 10 }), /has not answered yet/)
    await Promise.all([feed.pass(20), rejected])
    guard.close()
  })

  test('ends with its signal, for its reason, and goes on for others', async () => {
    const feed = new PlayedFeed(pool.key)
    const guard = feed.guard()
    const controller = new AbortController()
    const reason = new Error('shutting down')
    const rejected = assert.rejects(guard.ready({ signal: controller.signal }), reason)
    const other = guard.ready({ timeoutMs: 1000 })
    controller.abort(reason)
    await rejected
    await assert.rejects(guard.ready({ signal: controller.signal }), reason)
    await Promise.all([feed.pass(100), other])
    await guard.ready({ timeoutMs: 1 })
    guard.close()
    await assert.rejects(guard.ready({ timeoutMs: 1 }), /the guard is closed/)
  })
})
