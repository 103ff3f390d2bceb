import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Revocation } from '../domain/revocation.ts'
import { decodeNodeFrame } from '../protocol/feed-decode.ts'
import { encodeGuardFrame } from '../protocol/feed-encode.ts'
import { closeCodes, type GuardFrame, type NodeFrame, feedVersion } from '../protocol/feed.ts'
import { madeRevocation } from '../testing/made-revocation.ts'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { Replica } from '../verifier/replica.ts'
import type { FeedHub, FeedHubOptions } from './hub-types.ts'
import { createFeedHub } from './hub.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const zeros = new Uint8Array(16)
/** 2000 ms for clocks that are 2 % off in opposite directions, and 10 ms. */
const countedMs = (2000 * 1.02) / 0.98 + 10

/** A hub on a clock that is moved by hand. */
class Bench {
  readonly time: SimulatedTime = new SimulatedTime()
  readonly clock: SimulatedProcess
  readonly hub: FeedHub
  readonly epoch: Uint8Array = new Uint8Array(16).fill(7)
  #sequence = 0

  constructor(options: Partial<FeedHubOptions> = {}) {
    this.clock = new SimulatedProcess('node', this.time, { rate: 1, wallOffsetMs: 0 })
    const replica = new Replica(1)
    this.hub = createFeedHub({
      clock: this.clock,
      log: silent,
      node: 'node-1',
      issuer: 'https://auth.example',
      epoch: this.epoch,
      snapshot: () => replica.chunks(4096),
      overSeconds: () => replica.overSeconds,
      position: new Map(),
      predecessorLeaseMs: 0,
      ...options,
    })
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms
    this.time.after(ms, () => undefined)
    while (this.time.step(untilMs)) await new Promise(setImmediate)
  }

  revocation(): Revocation {
    return madeRevocation(++this.#sequence, 1000)
  }

  publish(): Revocation {
    const entry = this.revocation()
    this.hub.publish([entry])
    return entry
  }
}

/** A guard by hand: what it got, and what it was told at the end. */
class Peer {
  readonly frames: NodeFrame[] = []
  bufferedBytes = 0
  closedWith: number | undefined
  readonly #events: ReturnType<FeedHub['accept']>

  constructor(hub: FeedHub) {
    this.#events = hub.accept({
      send: (bytes) => this.frames.push(decodeNodeFrame(bytes)),
      close: (code) => {
        this.closedWith = code
      },
      bufferedBytes: 0,
      address: '192.0.2.1',
    })
  }

  send(frame: GuardFrame): void {
    this.#events.frame(encodeGuardFrame(frame))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#events.frame(bytes)
  }

  start(change: Partial<Extract<GuardFrame, { type: 'start' }>> = {}): this {
    const usual = {
      version: feedVersion,
      instance: new Uint8Array(16).fill(1),
      attempt: 1,
      epoch: zeros,
    }
    this.send({ type: 'start', ...usual, mark: 0, name: 'orders', software: 'test', ...change })
    return this
  }

  /** Starts and takes a lease. */
  follow(): this {
    this.start()
    this.send({ type: 'ping', nonce: 1, mark: 0 })
    return this
  }

  disconnect(): void {
    this.#events.closed()
  }

  last<T extends NodeFrame['type']>(type: T): Extract<NodeFrame, { type: T }> | undefined {
    return this.frames.findLast(
      (frame): frame is Extract<NodeFrame, { type: T }> => frame.type === type,
    )
  }
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isPending = true
  void promise.then(() => (isPending = false))
  await new Promise(setImmediate)
  return isPending
}

suite('confirmation', () => {
  test('is immediate where nobody else verifies', async () => {
    const bench = new Bench()
    const receipt = await bench.hub.confirmed(bench.publish())
    assert.deepEqual(receipt, {
      revocationId: 'r1',
      confirmed: true,
      acknowledged: 1,
      verifiers: 1,
      lapsed: 0,
      elapsedMs: 0,
    })
  })

  test('waits for the acknowledgement of a guard, and remembers who said what when', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    const entry = bench.publish()
    const confirmed = bench.hub.confirmed(entry)
    assert.equal(bench.hub.receipt(entry)?.confirmed, false)
    await bench.advance(30)
    peer.send({ type: 'ack', mark: 1 })
    const { acknowledged, verifiers, elapsedMs } = await confirmed
    assert.deepEqual([acknowledged, verifiers, elapsedMs], [2, 2, 30])
    const [outcome] = bench.hub.detailedReceipt('r1')?.outcomes ?? []
    assert.deepEqual(
      [outcome?.name, outcome?.outcome, outcome?.afterMs],
      ['orders', 'acknowledged', 30],
    )
  })

  for (const how of ['silent', 'gone'] as const) {
    test(`comes when the lease of a guard that is ${how} has ended`, async () => {
      const bench = new Bench()
      const peer = new Peer(bench.hub).follow()
      await bench.advance(100)
      if (how === 'gone') peer.disconnect()
      const entry = bench.publish()
      const confirmed = bench.hub.confirmed(entry)
      await bench.advance(countedMs - 102)
      assert.equal(bench.hub.receipt(entry)?.confirmed, false)
      await bench.advance(10)
      const { acknowledged, verifiers, lapsed } = await confirmed
      assert.deepEqual([acknowledged, verifiers, lapsed], [1, 2, 1])
    })
  }

  test('does not come later because a guard goes on pinging', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    const confirmed = bench.hub.confirmed(bench.publish())
    for (let nonce = 2; nonce < 8; nonce++) {
      peer.send({ type: 'ping', nonce, mark: 0 })
      await bench.advance(400)
    }
    const { lapsed, elapsedMs } = await confirmed
    assert.equal(lapsed, 1)
    assert.ok(elapsedMs <= countedMs + 2, `${elapsedMs} ms`)
  })

  test('comes at once when a guard gives its lease back', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    const confirmed = bench.hub.confirmed(bench.publish())
    peer.send({ type: 'release' })
    assert.equal((await confirmed).lapsed, 1)
    assert.equal(bench.hub.heldForMs(), 0)
  })

  test('counts the acknowledgement on a new connection of the same guard', async () => {
    const bench = new Bench()
    const old = new Peer(bench.hub).follow()
    const confirmed = bench.hub.confirmed(bench.publish())
    const next = new Peer(bench.hub).start({ attempt: 2 })
    assert.equal(old.closedWith, closeCodes.superseded)
    next.send({ type: 'ack', mark: next.last('snapshotEnd')?.mark ?? -1 })
    assert.equal((await confirmed).acknowledged, 2)
    const late = new Peer(bench.hub).start({ attempt: 1 })
    assert.equal(late.closedWith, closeCodes.superseded)
  })

  test('of what was committed before a restart waits for leases of before', async () => {
    const position = new Map([['node-1', 5]])
    const bench = new Bench({ position, predecessorLeaseMs: 2000 })
    const confirmed = bench.hub.confirmed({ ...bench.revocation(), id: 'old', sequence: 3 })
    let done = false
    void confirmed.then(() => {
      done = true
    })
    await bench.advance(countedMs - 2)
    assert.equal(done, false)
    await bench.advance(10)
    assert.equal((await confirmed).lapsed, 1)
  })

  test('of a position waits for all that is unconfirmed, of this run and before', async () => {
    const bench = new Bench({ predecessorLeaseMs: 2000, position: new Map([['node-1', 4]]) })
    const confirmed = bench.hub.confirmedUpTo(new Map([['node-1', 2]]))
    await bench.advance(countedMs - 2)
    assert.equal(await isPending(confirmed), true)
    await bench.advance(10)
    const { elapsedMs, ...who } = await confirmed
    assert.deepEqual(who, { acknowledged: 1, verifiers: 2, lapsed: 1 })
    assert.ok(elapsedMs >= countedMs && elapsedMs < countedMs + 2, `${elapsedMs} ms`)
    const again = await bench.hub.confirmedUpTo(new Map([['node-1', 2]]))
    assert.deepEqual(again, { acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 0 })
  })

  test('of a position waits for what is committed and not published here yet', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    const entry = bench.revocation()
    const place = new Map([[entry.stream, entry.sequence]])
    const confirmed = bench.hub.confirmedUpTo(place)
    const never = bench.hub.confirmedUpTo(new Map([['another', 9]]))
    assert.equal(await isPending(confirmed), true)
    bench.hub.publish([entry])
    assert.equal(await isPending(confirmed), true, 'the guard has not said so')
    peer.send({ type: 'ack', mark: 1 })
    assert.deepEqual(await confirmed, { acknowledged: 2, verifiers: 2, lapsed: 0, elapsedMs: 0 })
    await bench.advance(countedMs - 2)
    assert.equal(await isPending(never), true)
    await bench.advance(10)
    assert.ok((await never).elapsedMs < countedMs + 2, 'nobody here can hold a lease any more')
  })

  test('is forgotten in the end, and still true', async () => {
    const bench = new Bench({ receipts: 2 })
    const first = bench.publish()
    for (let count = 0; count < 5; count++) bench.publish()
    assert.equal(bench.hub.receipt(first), undefined)
    assert.equal((await bench.hub.confirmed(first)).confirmed, true)
  })
})

suite('leases', () => {
  test('are granted only when their length is stored', async () => {
    let stored = (): void => undefined
    const rememberLeases = (): Promise<void> =>
      new Promise((resolve) => {
        stored = resolve
      })
    const bench = new Bench({ rememberLeases })
    const peer = new Peer(bench.hub).follow()
    assert.equal(peer.last('pong')?.leaseMs, 0)
    stored()
    await bench.advance(1)
    peer.send({ type: 'ping', nonce: 2, mark: 0 })
    assert.equal(peer.last('pong')?.leaseMs, 2000)
  })

  test('are never longer than the node may grant', () => {
    const bench = new Bench({ grantableMs: () => 700.9 })
    assert.equal(new Peer(bench.hub).follow().last('pong')?.leaseMs, 700)
    const none = new Bench({ grantableMs: () => -5 })
    assert.equal(new Peer(none.hub).follow().last('pong')?.leaseMs, 0)
  })

  test('are not granted to a guard that lags, which is sent away in the end', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    bench.publish()
    await bench.advance(2001)
    peer.send({ type: 'ping', nonce: 2, mark: 0 })
    assert.equal(peer.last('pong')?.leaseMs, 0)
    await bench.advance(4000)
    peer.send({ type: 'ping', nonce: 3, mark: 0 })
    assert.equal(peer.closedWith, closeCodes.tooSlow)
  })

  test('are shown with the rest of what is known of a verifier', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    bench.publish()
    await bench.advance(50)
    const [node, guard] = bench.hub.verifiers()
    assert.equal(node?.kind, 'node')
    assert.deepEqual(
      [guard?.name, guard?.address, guard?.connected, guard?.lagMs],
      ['orders', '192.0.2.1', true, 50],
    )
    assert.ok(Math.abs((guard?.leaseLeftMs ?? 0) - (countedMs - 50)) < 1)
    peer.disconnect()
    assert.equal(bench.hub.verifiers()[1]?.connected, false)
    await bench.advance(countedMs)
    bench.publish()
    assert.equal(bench.hub.verifiers().length, 1)
  })
})

suite('the lag of a verifier', () => {
  test('is the time from the publication to its acknowledgement, as last measured', async () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    const lagMs = (): number | undefined => bench.hub.verifiers()[1]?.lagMs
    assert.equal(bench.hub.verifiers()[0]?.lagMs, 0, 'the node applies before it publishes')
    assert.equal(lagMs(), undefined, 'nothing is measured yet')
    peer.send({ type: 'ack', mark: 0 })
    assert.equal(lagMs(), undefined, 'a snapshot says nothing about it')
    bench.publish()
    await bench.advance(30)
    peer.send({ type: 'ack', mark: 1 })
    assert.equal(lagMs(), 30)
    await bench.advance(500)
    peer.send({ type: 'ping', nonce: 2, mark: 1 })
    assert.equal(lagMs(), 30, 'an acknowledgement of nothing new measures nothing')
    bench.publish()
    await bench.advance(5)
    bench.publish()
    await bench.advance(5)
    peer.send({ type: 'ack', mark: 2 })
    assert.equal(lagMs(), 10)
    await bench.advance(2)
    assert.equal(lagMs(), 10, 'the larger of the two while it is behind')
    await bench.advance(8)
    assert.equal(lagMs(), 15)
    peer.send({ type: 'ack', mark: 3 })
    await bench.advance(100)
    assert.equal(lagMs(), 15)
  })

  test('is not the age of what was in its snapshot', async () => {
    const bench = new Bench()
    bench.publish()
    await bench.advance(240_000)
    const peer = new Peer(bench.hub).follow()
    // The ping left before the snapshot came.
    peer.send({ type: 'ack', mark: 0 })
    peer.send({ type: 'ack', mark: 1 })
    assert.equal(bench.hub.verifiers()[1]?.lagMs, undefined)
    bench.publish()
    await bench.advance(7)
    peer.send({ type: 'ack', mark: 2 })
    assert.equal(bench.hub.verifiers()[1]?.lagMs, 7)
  })

  test('that stands elsewhere is the age of the oldest entry that it does not have', async () => {
    const bench = new Bench({ recentEntries: 3 })
    const at = (sequence: number): number => bench.hub.ageAfter(new Map([['node-1', sequence]]))
    assert.equal(at(0), 0)
    for (let left = 3; left > 0; left--) {
      bench.publish()
      await bench.advance(10)
    }
    assert.deepEqual([at(0), at(1), at(2), at(3)], [30, 20, 10, 0])
    for (let left = 20; left > 0; left--) bench.publish()
    await bench.advance(1)
    // Entries that are not kept any more are at least as old as those that are.
    assert.deepEqual([at(0), at(3), at(23)], [1, 1, 0])
  })
})

suite('the end of a connection', () => {
  test('is logged with the reason where the node ends it', async () => {
    const lines: string[] = []
    const note = (fields: object, message: string): void => {
      lines.push(`${message} ${JSON.stringify(fields)}`)
    }
    const bench = new Bench({ log: { info: note, warn: note, error: note } })
    const early = new Peer(bench.hub)
    early.send({ type: 'ack', mark: 1 })
    const peer = new Peer(bench.hub).follow()
    peer.send({ type: 'ack', mark: 7 })
    const quiet = new Peer(bench.hub).follow()
    quiet.disconnect()
    const guard = '01'.repeat(16)
    const address = '192.0.2.1'
    const connected = { guard, name: 'orders', software: 'test', address }
    const gone = { guard, name: 'orders' }
    const wrong = { code: 4400, reason: '"ack" is out of order' }
    assert.deepEqual(lines, [
      `guard refused ${JSON.stringify({ address, ...wrong })}`,
      `guard connected ${JSON.stringify(connected)}`,
      `guard disconnected ${JSON.stringify({ ...gone, code: 4400, reason: 'acknowledged what was not sent' })}`,
      `guard connected ${JSON.stringify(connected)}`,
      `guard disconnected ${JSON.stringify(gone)}`,
    ])
  })
})

suite('the feed', () => {
  test('sends at once when it is idle, and together what came while a frame was on its way', () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    bench.publish()
    bench.publish()
    bench.publish()
    assert.equal(peer.last('entries')?.mark, 1)
    peer.send({ type: 'ack', mark: 1 })
    const { after, mark, count, position } = peer.last('entries')!
    assert.deepEqual([after, mark, count, position.get('node-1')], [1, 3, 2, 3])
  })

  test('sends everything before a pong', () => {
    const bench = new Bench()
    const peer = new Peer(bench.hub).follow()
    bench.publish()
    bench.publish()
    peer.send({ type: 'ping', nonce: 2, mark: 0 })
    assert.deepEqual(
      peer.frames.slice(-2).map(({ type }) => type),
      ['entries', 'pong'],
    )
    assert.equal(peer.last('pong')?.mark, 2)
  })

  test('goes on where a guard of the same epoch stopped, and otherwise sends a snapshot', () => {
    const bench = new Bench({ recentEntries: 3 })
    for (let count = 0; count < 10; count++) bench.publish()
    const { epoch, hub } = bench
    const resumed = new Peer(hub).start({ epoch, mark: 9 })
    assert.equal(resumed.last('hello')?.snapshot, false)
    assert.equal(resumed.last('entries')?.after, 9)
    assert.equal(new Peer(hub).start({ attempt: 2, epoch, mark: 2 }).last('hello')?.snapshot, true)
    assert.equal(new Peer(hub).start({ attempt: 3, epoch, mark: 11 }).last('hello')?.snapshot, true)
    assert.equal(
      new Peer(hub).start({ attempt: 4, epoch: zeros, mark: 9 }).last('hello')?.snapshot,
      true,
    )
  })

  test('ends connections that do not follow the protocol', () => {
    const refused = (act: (peer: Peer) => void): number | undefined => {
      const peer = new Peer(new Bench().hub)
      act(peer)
      return peer.closedWith
    }
    const { protocolError } = closeCodes
    assert.equal(
      refused((peer) => {
        peer.sendBytes(Uint8Array.of(9))
      }),
      protocolError,
    )
    assert.equal(
      refused((peer) => {
        peer.send({ type: 'ack', mark: 0 })
      }),
      protocolError,
    )
    assert.equal(
      refused((peer) => {
        peer.start().start()
      }),
      protocolError,
    )
    assert.equal(
      refused((peer) => {
        peer.start({ version: 99 })
      }),
      protocolError,
    )
    assert.equal(
      refused((peer) => {
        peer.start().send({ type: 'ack', mark: 1 })
      }),
      protocolError,
    )
  })

  test('ends connections that are silent, too many, or after it was closed', async () => {
    const bench = new Bench({ connections: 1 })
    const peer = new Peer(bench.hub).follow()
    assert.equal(new Peer(bench.hub).closedWith, closeCodes.full)
    await bench.advance(10_010)
    assert.equal(peer.closedWith, closeCodes.silent)
    assert.equal(bench.hub.connections, 0)
    bench.hub.close()
    assert.equal(new Peer(bench.hub).closedWith, closeCodes.goingAway)
  })

  test('refuses settings that cannot work', () => {
    assert.throws(() => new Bench({ leaseMs: 100 }), /Cannot set leaseMs to "100"/)
    assert.throws(() => new Bench({ renewMs: 1500 }), /renewMs/)
    assert.throws(() => new Bench({ clockRateMargin: 0.6 }), /clockRateMargin/)
    assert.throws(() => new Bench({ receipts: Number.NaN }), /receipts/)
  })
})
