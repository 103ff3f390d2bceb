import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { closeCodes } from '../protocol/feed.ts'
import { Bench, countedMs, Peer } from '../testing/feed-bench.ts'

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
