/** A process that was copied while it ran: two guards with one instance between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revocation } from '../../src/domain/revocation.ts'
import { createFeedHub } from '../../src/feed/hub.ts'
import type { FeedHub } from '../../src/feed/hub-types.ts'
import type { GuardClock } from '../../src/guard/clock.ts'
import { FeedReader } from '../../src/guard/feed-reader.ts'
import { Following } from '../../src/guard/following.ts'
import { guardRules, Lease } from '../../src/guard/lease.ts'
import { closeCodes } from '../../src/protocol/feed.ts'
import { madeRevocation } from '../../src/testing/made-revocation.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { SimulatedNetwork } from '../../src/testing/simulated-network.ts'
import { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { SimulatedTime } from '../../src/testing/simulated-time.ts'
import { Replica } from '../../src/verifier/replica.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const sharedInstance = new Uint8Array(16).fill(1)

class World {
  readonly time: SimulatedTime = new SimulatedTime()
  readonly random: SeededRandom = new SeededRandom(7)
  readonly network: SimulatedNetwork = new SimulatedNetwork(this.time, this.random)
  readonly node: SimulatedProcess
  readonly hub: FeedHub
  #sequence = 0

  constructor() {
    this.node = this.process('node')
    const replica = new Replica(1)
    this.hub = createFeedHub({
      clock: this.node,
      log: silent,
      node: 'node-1',
      issuer: 'https://auth.example',
      epoch: this.random.bytes(16),
      snapshot: () => replica.chunks(4096),
      overSeconds: () => replica.overSeconds,
      position: new Map(),
      predecessorLeaseMs: 0,
    })
  }

  process(name: string): SimulatedProcess {
    return new SimulatedProcess(name, this.time, { rate: 1, wallOffsetMs: 0 })
  }

  async passUntil(ms: number): Promise<void> {
    while (this.time.step(ms)) await Promise.resolve()
  }

  publish(): Revocation {
    const entry = madeRevocation(++this.#sequence, this.node.nowMs() + 3_600_000)
    this.node.run(() => {
      this.hub.publish([entry])
    })
    return entry
  }
}

/** The part of a guard that follows the feed, with an instance that was copied into it. */
class Clone {
  readonly lease: Lease
  readonly following: Following = new Following()
  readonly reader: FeedReader
  readonly ends: (readonly [code: number, heldLease: boolean])[] = []
  snapshots = 0

  /** @param failures How many of its first connections do not open. */
  constructor(world: World, name: string, failures = 0) {
    const clock: GuardClock & SimulatedProcess = world.process(name)
    this.lease = new Lease(clock, guardRules)
    const instances = [sharedInstance]
    let failuresLeft = failures
    this.reader = new FeedReader({
      target: { server: 'https://auth.example', credential: 'credential' },
      clock,
      random: () => world.random.fraction(),
      makeInstance: () => instances.shift() ?? world.random.bytes(16),
      connect: (_target, events) => {
        const end = world.network.connect({ process: clock, events, opened: events.opened }, () =>
          failuresLeft-- > 0
            ? undefined
            : { process: world.node, listener: (server) => world.hub.accept(server) },
        )
        return {
          send: (bytes) => {
            end.send(bytes)
          },
          close: (code, reason) => {
            end.close(code, reason)
            events.closed(code, reason)
          },
        }
      },
      session: {
        clock,
        rules: guardRules,
        lease: this.lease,
        following: this.following,
        name,
        software: 'test',
        applied: () => undefined,
        replaced: () => {
          this.snapshots++
        },
        renewed: (lagMs) => {
          this.reader.succeeded(lagMs)
        },
      },
      disconnected: (code) => this.ends.push([code, this.lease.held]),
    })
  }
}

test('a copy of a guard takes an instance of its own, and both go on', async () => {
  const world = new World()
  const original = new Clone(world, 'original')
  original.reader.start()
  await world.passUntil(300)
  assert.equal(original.lease.held, true)
  // The copy notices that its connection is gone, and opens one with the next higher attempt.
  const copy = new Clone(world, 'copy', 1)
  copy.reader.start()
  await world.passUntil(30_000)
  const heldLease = false
  assert.deepEqual(original.ends, [[closeCodes.superseded, heldLease]])
  assert.deepEqual(
    copy.ends.map(([code]) => code),
    [1006],
  )
  assert.deepEqual([original.lease.held, copy.lease.held], [true, true])
  assert.deepEqual([original.snapshots, copy.snapshots], [2, 1])
  assert.equal(world.hub.verifiers().filter(({ kind }) => kind === 'guard').length, 2)

  const entry = world.publish()
  const confirmed = world.hub.confirmed(entry)
  await world.passUntil(31_000)
  const { acknowledged, verifiers, lapsed } = await confirmed
  assert.deepEqual([acknowledged, verifiers, lapsed], [3, 3, 0], 'each speaks for itself')
  assert.deepEqual([original.following.mark, copy.following.mark], [1, 1])
})

test('many copies that start at once part as well', async () => {
  const world = new World()
  const clones = Array.from({ length: 10 }, (_, index) => new Clone(world, `copy-${index}`))
  for (const { reader } of clones) reader.start()
  await world.passUntil(30_000)
  assert.ok(clones.every(({ lease }) => lease.held))
  assert.equal(clones.flatMap(({ ends }) => ends).length, 9)
  await world.passUntil(60_000)
  assert.equal(clones.flatMap(({ ends }) => ends).length, 9, 'and stay so')
})
