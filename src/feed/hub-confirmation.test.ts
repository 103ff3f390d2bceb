import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { closeCodes } from '../protocol/feed.ts'
import { Bench, countedMs, Peer } from '../testing/feed-bench.ts'

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isPending = true
  void promise.then(() => (isPending = false))
  await new Promise(setImmediate)
  return isPending
}

suite('confirmation', () => {
  test('is immediate where no other verifier exists', async () => {
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

  test('takes nothing for a guard that comes under its instance with another credential', async () => {
    const bench = new Bench()
    const orders = new Peer(bench.hub, 'orders').follow()
    const confirmed = bench.hub.confirmed(bench.publish())
    const forger = new Peer(bench.hub, 'mail').start({ attempt: 2 })
    forger.send({ type: 'ack', mark: forger.last('snapshotEnd')?.mark ?? -1 })
    forger.send({ type: 'release' })
    assert.equal(orders.closedWith, undefined)
    assert.equal(await isPending(confirmed), true)
    orders.send({ type: 'ack', mark: 1 })
    assert.deepEqual((await confirmed).lapsed, 0)
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
    assert.ok((await never).elapsedMs < countedMs + 2, 'no guard here can hold a lease any more')
  })

  test('is forgotten in the end, and still true', async () => {
    const bench = new Bench({ receipts: 2 })
    const first = bench.publish()
    for (let count = 0; count < 5; count++) bench.publish()
    assert.equal(bench.hub.receipt(first), undefined)
    assert.equal((await bench.hub.confirmed(first)).confirmed, true)
  })
})
