/** What guards of one process share, what they do not, and what becomes of it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeGuardFrame } from '../protocol/feed-decode.ts'
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import { closeCodes, type GuardFrame, type NodeFrame } from '../protocol/feed.ts'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import { fingerprintSync } from '../verifier/fingerprint.ts'
import { createGuardWithRules } from './guard.ts'
import { createGuard, type Guard, type GuardLog, type GuardOptions } from './index.ts'
import { guardRules } from './lease.ts'
import type { FeedSocketEvents } from './transport.ts'

const pool = await makeTokenPool(2)
const [first, second] = pool.tokens
assert.ok(first && second)

/** One connection as the node sees it. */
interface Connection {
  readonly events: FeedSocketEvents
  readonly received: GuardFrame[]
}

/** A process, and a node that it can connect to. */
class World {
  readonly time: SimulatedTime = new SimulatedTime()
  readonly connections: Connection[] = []
  /** What happened, in order. */
  readonly told: string[] = []
  readonly options: GuardOptions
  refuses = false
  #mark = 0

  constructor() {
    this.options = {
      server: issuer,
      credential: 'credential',
      clock: new SimulatedProcess('process', this.time, { rate: 1, wallOffsetMs: 0 }),
      random: () => 0.5,
      keys: () => pool.key,
      connect: (_target, events) => {
        const connection: Connection = { events, received: [] }
        this.connections.push(connection)
        this.time.after(1, () => {
          events.opened()
          if (this.refuses) events.closed(closeCodes.credentialRefused, 'unknown')
          else if (connection.received.length > 0) this.#greet()
        })
        return {
          send: (bytes) => {
            this.#take(connection, decodeGuardFrame(bytes))
          },
          close: (code, reason) => {
            events.closed(code, reason)
          },
        }
      },
    }
  }

  guard(options: Partial<GuardOptions> = {}): Guard {
    return createGuard({ ...this.options, ...options })
  }

  /** A log that writes into `told`. */
  log(name: string): GuardLog {
    const write = (_fields: unknown, message: string): void => {
      this.told.push(`${name}: ${message}`)
    }
    return { info: write, warn: write, error: write }
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms
    while (this.time.step(untilMs)) await new Promise(setImmediate)
  }

  send(frame: NodeFrame): void {
    this.connections.at(-1)?.events.frame(encodeNodeFrame(frame))
  }

  /** Revokes a session. */
  revoke(sid: string): void {
    const { high, low } = fingerprintSync('session', sid)
    const words = new Uint32Array([high, low, 0xffff_ffff, 0])
    const after = this.#mark++
    const position = new Map([['node', this.#mark]])
    this.send({ type: 'entries', after, mark: this.#mark, count: 1, words, position })
  }

  /** The connection is lost. */
  cut(): void {
    this.connections.at(-1)?.events.closed(1006, 'cut')
  }

  #greet(): void {
    const epoch = new Uint8Array(16).fill(this.connections.length)
    const lease = { leaseMs: 2000, renewMs: 500 }
    const who = { version: 1, snapshot: true, epoch, issuer, node: 'node' }
    this.send({ type: 'hello', ...who, ...lease })
    this.send({ type: 'snapshotEnd', total: 0, mark: this.#mark, position: new Map() })
  }

  #take(connection: Connection, frame: GuardFrame): void {
    connection.received.push(frame)
    if (frame.type === 'ack') this.told.push(`acknowledged ${frame.mark}`)
    if (frame.type !== 'ping') return
    this.time.after(2, () => {
      if (this.connections.at(-1) !== connection || this.refuses) return
      const pong = { leaseMs: 2000, mark: this.#mark, nowSeconds: 1 }
      this.send({ type: 'pong', nonce: frame.nonce, ...pong })
    })
  }
}

const verdictOf = async (guard: Guard, token = first): Promise<string> => {
  const verdict = await guard.check(token.jwt)
  return verdict.ok ? 'accepted' : verdict.reason
}

suite('guards of one process', () => {
  test('share a feed where they differ in what concerns their own checks only', async () => {
    const world = new World()
    const guards = [
      world.guard(),
      world.guard({ audience: 'api' }),
      world.guard({ onStale: 'ask', askTimeoutMs: 5, cacheSize: 0 }),
      world.guard({ server: `${issuer}/`, name: 'guard', log: world.log('log') }),
    ]
    await Promise.all([world.pass(100), ...guards.map((guard) => guard.ready())])
    assert.equal(world.connections.length, 1)
    for (const guard of guards) {
      assert.equal(await verdictOf(guard), 'accepted')
      const { fresh, connected, counters } = guard.status()
      assert.ok(fresh && connected)
      assert.deepEqual([counters.connections, counters.snapshots], [1, 1])
      assert.equal(counters.accepted, 1, 'its own')
    }
    for (const guard of guards) guard.close()
  })

  test('have feeds of their own where anything else differs', () => {
    const world = new World()
    const { clock, connect, random, keys } = world.options
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
      { clock: new SimulatedProcess('another', world.time, { rate: 1, wallOffsetMs: 0 }) },
    ]
    const guards = [...different, ...different].map((options) => world.guard(options))
    assert.equal(world.connections.length, different.length)
    guards.push(createGuardWithRules(world.options, { ...guardRules }))
    assert.equal(world.connections.length, different.length + 1)
    for (const guard of guards) guard.close()
  })

  test('are ready at once where the feed is followed already', async () => {
    const world = new World()
    const early = world.guard()
    await Promise.all([world.pass(100), early.ready()])
    const late = world.guard()
    await late.ready()
    assert.equal(await verdictOf(late), 'accepted')
    assert.equal(world.connections.length, 1)
    for (const guard of [early, late]) guard.close()
  })

  test('accept nothing when they are closed, while the others go on', async () => {
    const world = new World()
    let found: (() => void) | undefined
    const search = new Promise<void>((resolve) => {
      found = resolve
    })
    let isSlow = false
    const keys = async () => {
      if (isSlow) await search
      return pool.key
    }
    const closed = world.guard({ keys, onStale: 'allow' })
    const other = world.guard({ keys })
    await Promise.all([world.pass(100), closed.ready()])
    assert.equal(await verdictOf(closed), 'accepted')
    isSlow = true
    const underWay = verdictOf(closed, second)
    let calls = 0
    const verdict = await closed.check(first.jwt)
    assert.ok(verdict.ok)
    closed.watch(verdict.claims, () => calls++)
    closed.close()
    found?.()
    assert.equal(await underWay, 'stale')
    assert.equal(await verdictOf(closed), 'stale')
    assert.equal(closed.checkNow(first.jwt), undefined)
    assert.deepEqual(
      [closed.status().fresh, closed.status().connected, closed.status().leaseLeftMs],
      [false, false, 0],
    )
    await assert.rejects(closed.ready(), /the guard is closed/)
    assert.equal(await verdictOf(other), 'accepted')
    await world.pass(10_000)
    assert.equal(await verdictOf(other), 'accepted')
    world.revoke(first.claims.sid)
    assert.equal(await verdictOf(other), 'revoked')
    assert.equal(calls, 0)
    assert.equal(world.connections.length, 1)
    other.close()
  })

  test('give the lease back when the last is closed, and only then', async () => {
    const world = new World()
    const [one, other] = [world.guard(), world.guard()]
    await Promise.all([world.pass(100), one.ready()])
    const frames = (): readonly string[] => world.connections[0]!.received.map(({ type }) => type)
    one.close()
    one.close()
    assert.ok(!frames().includes('release'))
    other.close()
    assert.equal(frames().at(-1), 'release')
    await world.pass(60_000)
    assert.equal(world.connections.length, 1, 'and nothing more happens')
    const next = world.guard()
    assert.equal(await verdictOf(next), 'stale')
    await Promise.all([world.pass(100), next.ready()])
    assert.equal(world.connections.length, 2)
    next.close()
  })
})

suite('a batch', () => {
  test('is acknowledged when every guard has ended what was open, whatever throws', async (context) => {
    const world = new World()
    const error = (): never => {
      throw new Error('no disk')
    }
    const log: GuardLog = { ...world.log('log'), error }
    const guards = [world.guard({ log }), world.guard(), world.guard()]
    await Promise.all([world.pass(100), guards[0]!.ready()])
    for (const [index, guard] of guards.entries()) {
      const verdict = await guard.check(first.jwt)
      assert.ok(verdict.ok)
      for (const name of ['a', 'b']) {
        guard.watch(verdict.claims, () => {
          world.told.push(`${index}${name} ended`)
          if (index === 0) throw new Error('a callback that fails')
        })
      }
    }
    const uncaught: string[] = []
    const { queueMicrotask } = globalThis
    context.mock.method(globalThis, 'queueMicrotask', (task: () => void) => {
      queueMicrotask(() => {
        try {
          task()
        } catch (error) {
          uncaught.push(String(error))
        }
      })
    })
    world.told.length = 0
    world.revoke(first.claims.sid)
    await new Promise(setImmediate)
    assert.deepEqual(world.told.slice(0, -1).toSorted(), [
      '0a ended',
      '0b ended',
      '1a ended',
      '1b ended',
      '2a ended',
      '2b ended',
    ])
    assert.equal(world.told.at(-1), 'acknowledged 1')
    assert.deepEqual(uncaught, ['Error: no disk', 'Error: no disk'])
    for (const guard of guards) guard.close()
  })

  test('reaches who is left where a callback closes another guard, or makes one', async () => {
    const world = new World()
    const [one, other, third] = [world.guard(), world.guard(), world.guard()]
    await Promise.all([world.pass(100), one.ready()])
    const verdict = await one.check(first.jwt)
    assert.ok(verdict.ok)
    const made: Guard[] = []
    one.watch(verdict.claims, () => {
      other.close()
      made.push(world.guard())
    })
    other.watch(verdict.claims, () => assert.fail('it is closed'))
    third.watch(verdict.claims, () => world.told.push('ended'))
    world.told.length = 0
    world.revoke(first.claims.sid)
    assert.deepEqual(world.told, ['ended', 'acknowledged 1'])
    assert.equal(await verdictOf(made[0]!), 'revoked')
    for (const guard of [one, third, ...made]) guard.close()
  })

  test('that is a whole snapshot is judged by every guard, before the acknowledgement', async () => {
    const world = new World()
    let searches = 0
    const keys = () => {
      searches++
      return pool.key
    }
    const guards = [world.guard({ keys }), world.guard({ keys })]
    await Promise.all([world.pass(100), guards[0]!.ready()])
    const expired = { ...first.claims, exp: 1 }
    for (const [index, guard] of guards.entries()) {
      assert.equal(await verdictOf(guard), 'accepted')
      guard.watch(expired, () => world.told.push(`${index} ended`))
    }
    world.told.length = 0
    world.cut()
    await world.pass(1000)
    assert.deepEqual(world.told, ['0 ended', '1 ended', 'acknowledged 0'])
    for (const guard of guards) assert.equal(await verdictOf(guard), 'accepted')
    assert.equal(searches, 4, 'each guard verifies every signature anew')
    for (const guard of guards) guard.close()
  })
})

suite('a feed that fails', () => {
  test('rejects ready() of everybody whose credential is refused, also of who joins later', async () => {
    const world = new World()
    world.refuses = true
    const early = [world.guard(), world.guard()]
    const waiting = early.map((guard) => assert.rejects(guard.ready(), /refused the credential/))
    await Promise.all([world.pass(5), ...waiting])
    // The next turn would be seconds away.
    const late = world.guard()
    const refused = assert.rejects(late.ready(), /refused the credential/)
    await Promise.all([world.pass(5), refused])
    assert.equal(world.connections.length, 2)
    // Meanwhile the credential was added.
    world.refuses = false
    const last = world.guard()
    await Promise.all([world.pass(5), last.ready()])
    for (const guard of [...early, late]) await guard.ready()
    await world.pass(20_000)
    assert.equal(world.connections.length, 3, 'no connection of before is tried again')
    for (const guard of [...early, late, last]) guard.close()
  })

  test('is written once into each log, however many guards have it', async () => {
    const world = new World()
    const shared = world.log('shared')
    const guards = [
      world.guard({ log: shared }),
      world.guard({ log: shared }),
      world.guard({ log: world.log('own') }),
      world.guard(),
    ]
    await Promise.all([world.pass(100), guards[0]!.ready()])
    guards.push(world.guard({ log: world.log('late') }), world.guard({ log: shared }))
    guards[2]!.close()
    world.cut()
    await world.pass(1000)
    assert.deepEqual(
      world.told.filter((line) => line.includes(': ')),
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
    const world = new World()
    const log: GuardLog = {
      ...world.log('log'),
      warn: () => {
        guard.close()
      },
    }
    const guard = world.guard({ log })
    await Promise.all([world.pass(100), guard.ready()])
    world.cut()
    await world.pass(60_000)
    assert.equal(world.connections.length, 1)
  })

  test('leaves nothing behind where a connection cannot even be tried', () => {
    const world = new World()
    const connect = (): never => {
      throw new Error('no network')
    }
    for (const _ of [1, 2]) assert.throws(() => world.guard({ connect }), /no network/)
    let events = 0
    while (world.time.step(60_000)) events++
    assert.equal(events, 2, 'the first sweep of each, which was cancelled')
  })
})
