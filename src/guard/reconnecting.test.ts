/** How long it takes until a guard is current again, by a simulated clock. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { closeCodes } from '../protocol/feed.ts'
import { PlayedFeed } from '../testing/played-feed.ts'
import { makeTokenPool } from '../testing/token-pool.ts'
import { createGuard, type ConnectFeed, type Guard, type GuardOptions } from './index.ts'

const pool = await makeTokenPool(1)
const leaseMs = 2000

/** A network that can drop everything without a word: nothing arrives, and nothing is closed. */
class DroppingNetwork {
  readonly feed = new PlayedFeed(pool.key)
  isDropping = false
  attempts = 0
  readonly closed: { code: number; atMs: number }[] = []

  readonly connect: ConnectFeed = (target, events) => {
    this.attempts++
    let ended = false
    const end = (code: number, reason: string): void => {
      if (ended) return
      ended = true
      this.closed.push({ code, atMs: this.feed.time.nowMs })
      events.closed(code, reason)
    }
    // Packets that open a connection are sent anew, but ever more slowly: one that began in the drop is lost.
    const socket = this.isDropping
      ? undefined
      : this.feed.options.connect!(target, {
          opened: () => !this.isDropping && !ended && events.opened(),
          frame: (bytes) => !this.isDropping && !ended && events.frame(bytes),
          closed: end,
        })
    return {
      send: (bytes) => {
        if (!this.isDropping) socket?.send(bytes)
      },
      close: end,
    }
  }
}

async function untilFresh(feed: PlayedFeed, guard: Guard): Promise<void> {
  while (!guard.status().fresh && feed.time.step(Infinity)) await new Promise(setImmediate)
}

suite('a network that drops everything without a word', () => {
  test('is noticed within a lease, and the guard is current within seconds of its return', async () => {
    const network = new DroppingNetwork()
    const { feed } = network
    const guard = feed.guard({ connect: network.connect })
    await Promise.all([feed.pass(1000), guard.ready()])
    const droppedMs = feed.time.nowMs
    network.isDropping = true
    await feed.pass(3000)
    const [first] = network.closed
    assert.equal(first?.code, closeCodes.silent)
    assert.ok(first.atMs - droppedMs <= leaseMs + 10, `after ${first.atMs - droppedMs} ms`)
    assert.ok(network.attempts >= 2, 'another connection is tried')
    await feed.pass(60_000)
    const returnedMs = feed.time.nowMs
    network.isDropping = false
    await untilFresh(feed, guard)
    const tookMs = feed.time.nowMs - returnedMs
    // A patient attempt may just have begun.
    assert.ok(tookMs <= 3600, `after ${tookMs} ms`)
    guard.close()
  })

  test('costs two seconds at most after its return, mostly, and 3.6 at worst', async () => {
    const times: number[] = []
    for (let round = 0; round < 12; round++) {
      const network = new DroppingNetwork()
      const { feed } = network
      const guard = feed.guard({ connect: network.connect })
      await Promise.all([feed.pass(1000), guard.ready()])
      network.isDropping = true
      await feed.pass(3000 + round * 700)
      const returnedMs = feed.time.nowMs
      network.isDropping = false
      await untilFresh(feed, guard)
      times.push(feed.time.nowMs - returnedMs)
      guard.close()
    }
    const quick = times.filter((ms) => ms <= 2100).length
    assert.ok(quick >= 8, times.join(' '))
    assert.ok(Math.max(...times) <= 3600, times.join(' '))
  })
})

test('a connection that ends is followed by another within a second, however long that goes on', async () => {
  const feed = new PlayedFeed(pool.key)
  const startedMs: number[] = []
  let fails = false
  const connect: ConnectFeed = (target, events) => {
    startedMs.push(feed.time.nowMs)
    if (!fails) return feed.options.connect!(target, events)
    feed.time.after(1, () => {
      events.closed(1006, 'nothing listens')
    })
    return { send: () => undefined, close: () => undefined }
  }
  const guard = feed.guard({ connect, random: () => 0.999 })
  await Promise.all([feed.pass(1000), guard.ready()])
  fails = true
  feed.cut()
  await feed.pass(60_000)
  assert.ok(startedMs.length > 50)
  for (const [index, ms] of startedMs.entries()) {
    if (index > 1) assert.ok(ms - startedMs[index - 1]! <= 1002, String(ms))
  }
  fails = false
  await feed.pass(1100)
  assert.equal(guard.status().fresh, true)
  guard.close()
})

test('a process that did not run has not been left alone: it listens before it gives up', async () => {
  const feed = new PlayedFeed(pool.key)
  const guard = feed.guard()
  await Promise.all([feed.pass(1000), guard.ready()])
  feed.process.stop()
  feed.time.after(8000, () => feed.process.resume())
  await feed.pass(8000)
  await feed.pass(1000)
  assert.equal(feed.connections.length, 1)
  assert.equal(guard.status().fresh, true)
  guard.close()
})

test('createGuard does nothing: no timer, no chance, no connection, no request', (context) => {
  const calls: string[] = []
  const noting = (name: string) => (): never => {
    calls.push(name)
    throw new Error(`${name} is refused here`)
  }
  for (const name of [
    'setTimeout',
    'setInterval',
    'queueMicrotask',
    'fetch',
    'WebSocket',
  ] as const) {
    context.mock.method(globalThis, name as 'fetch', noting(name))
  }
  context.mock.method(crypto, 'getRandomValues', noting('getRandomValues'))
  context.mock.method(crypto, 'randomUUID', noting('randomUUID'))
  context.mock.method(Math, 'random', noting('Math.random'))
  const options: GuardOptions = { server: 'https://auth.example', credential: 'x', audience: 'a' }
  const guard = createGuard(options)
  assert.equal(guard.status().fresh, false)
  guard.close()
  assert.deepEqual(calls, [])
})
