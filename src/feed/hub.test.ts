import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { closeCodes } from '../protocol/feed.ts'
import { Bench, Peer, zeros } from '../testing/feed-bench.ts'

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
