/** Leases of nodes: what is confirmed on the other nodes is accepted by none of them. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Revocation } from '../../src/domain/revocation.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { NodeLeases } from '../../src/ports/node-lease.ts'
import { systemClock } from '../../src/server/system.ts'
import { revocation } from '../../src/stores/contract/samples.ts'
import { createNodeLeases } from '../../src/stores/postgres/node-lease.ts'
import type { PostgresOptions, PostgresStore } from '../../src/stores/postgres/store.ts'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { modes, openNode, type Mode } from './temporary-postgres.ts'
import { until } from './until.ts'

const stages = await Promise.all(
  modes.map(async (mode) => ({ ...mode, cluster: await startCluster(mode) })),
)
after(() => Promise.all(stages.map(({ cluster }) => cluster.stop())))

type Stage = Mode & { readonly cluster: TestCluster }

/** Longer than a busy machine may keep a node from renewing. */
const terms = { leaseMs: 4_000, renewMs: 250, marginMs: 100 }
/** Where nothing depends on whose lease has run out. */
const SHORT_LEASE_MS = 600

/** A node as the server puts it together: it applies entries, then acknowledges them. */
class TestNode {
  readonly store: PostgresStore
  readonly leases: NodeLeases
  readonly applied = new Map<string, number>()
  #held: Revocation[] | undefined
  #closed = false

  private constructor(store: PostgresStore, leaseMs: number) {
    this.store = store
    this.leases = createNodeLeases({ shared: store.shared, ...terms, leaseMs })
    store.onCommitted((entries) => {
      if (this.#held) this.#held.push(...entries)
      else this.#apply(entries)
    })
  }

  static async open(
    url: string,
    name: string,
    options: Partial<PostgresOptions> & { readonly leaseMs?: number } = {},
  ): Promise<TestNode> {
    const { leaseMs = terms.leaseMs, ...rest } = options
    const node = new TestNode(await openNode(url, name, rest), leaseMs)
    const head = await node.store.head()
    for (const [stream, sequence] of head) node.applied.set(stream, sequence)
    node.leases.applied(head)
    node.leases.acknowledge(head)
    try {
      await node.leases.join()
    } catch (error) {
      await node.close()
      throw error
    }
    return node
  }

  /** Entries wait from now on instead of being applied: the event loop of a node that hangs. */
  hang(): void {
    this.#held ??= []
  }

  wake(): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#apply(held)
  }

  /** Whether a token that this entry ended could be accepted here. */
  mayAccept({ stream, sequence }: Revocation): boolean {
    return this.leases.leaseLeftMs() > 0 && (this.applied.get(stream) ?? 0) < sequence
  }

  async close(heldForMs = 0): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.leases.close(heldForMs)
    await this.store.close()
  }

  #apply(entries: readonly Revocation[]): void {
    for (const { stream, sequence } of entries) this.applied.set(stream, sequence)
    this.leases.applied(this.applied)
    this.leases.acknowledge(this.applied)
  }
}

interface Pair {
  readonly north: TestNode
  readonly south: TestNode
  /** Between the south and the database. */
  readonly proxy: TcpProxy
  readonly url: string
}

async function withPair(
  { cluster, options: ofMode }: Stage,
  use: (pair: Pair) => Promise<void>,
  options: Partial<PostgresOptions> & { readonly leaseMs?: number } = {},
  southOptions: Partial<PostgresOptions> = {},
): Promise<void> {
  const url = await cluster.createDatabase()
  const proxy = await startTcpProxy(cluster)
  const through = new URL(url)
  through.port = String(proxy.port)
  const north = await TestNode.open(url, 'north', { ...ofMode, ...options })
  const south = await TestNode.open(through.href, 'south', {
    ...ofMode,
    ...options,
    ...southOptions,
  })
  try {
    await until(() => north.leases.leaseLeftMs() > 0 && south.leases.leaseLeftMs() > 0)
    await until(() => north.leases.others().length === 1)
    await use({ north, south, proxy, url })
  } finally {
    proxy.thaw()
    proxy.accept()
    await Promise.all([north.close(), south.close()])
    await proxy.close()
  }
}

async function revokeAt(node: TestNode): Promise<Revocation> {
  return (await node.store.revoke(revocation())).revocation
}

// First, while a crash has few databases to recover.
for (const stage of stages)
  describe(`a confirmation without the database of ${stage.name}`, () => {
    it('comes one lease later', async () => {
      await withPair(
        stage,
        async ({ north, south }) => {
          south.hang()
          const entry = await revokeAt(north)
          await stage.cluster.kill()
          try {
            const confirmed = north.leases.confirmOnOtherNodes(entry)
            const started = performance.now()
            await confirmed
            assert.ok(performance.now() - started >= SHORT_LEASE_MS)
            assert.ok(!south.mayAccept(entry))
            await until(() => north.leases.leaseLeftMs() === 0)
          } finally {
            await stage.cluster.restart()
          }
          south.wake()
          await until(() => north.leases.leaseLeftMs() > 0 && south.leases.leaseLeftMs() > 0)
        },
        { leaseMs: SHORT_LEASE_MS },
      )
    })
  })

for (const stage of stages)
  // At once: most of them wait for a lease to run out.
  describe(`a confirmation on other nodes of ${stage.name}`, { concurrency: true }, () => {
    const notifications = ['notify', 'poll'] as const
    for (const notifier of stage === stages[0] ? notifications : notifications.slice(1)) {
      it(`comes when they have acknowledged (${notifier})`, async () => {
        await withPair(
          stage,
          async ({ north, south }) => {
            for (let round = 0; round < 10; round++) {
              const entry = await revokeAt(north)
              const outcome = await north.leases.confirmOnOtherNodes(entry)
              assert.deepEqual(outcome, { acknowledged: 1, lapsed: 0 })
              assert.ok((south.applied.get('north') ?? 0) >= entry.sequence)
            }
          },
          { notifier, leaseMs: 30_000 },
        )
      })
    }

    it('waits for a node that hangs until its lease has run out, and no longer', async () => {
      await withPair(stage, async ({ north, south }) => {
        south.hang()
        const entry = await revokeAt(north)
        assert.ok(south.mayAccept(entry))
        const started = performance.now()
        const outcome = await north.leases.confirmOnOtherNodes(entry)
        assert.ok(!south.mayAccept(entry))
        assert.ok(performance.now() - started < 1.9 * terms.leaseMs)
        assert.deepEqual(outcome, { acknowledged: 0, lapsed: 1 })
        assert.equal(south.leases.leaseLeftMs(), 0)
        // It renews all the time, but no renewal counts before it has caught up.
        await sleep(2 * terms.renewMs)
        assert.equal(south.leases.leaseLeftMs(), 0)
        south.wake()
        await until(() => south.leases.leaseLeftMs() > 0)
      })
    })

    it('waits for a node that the database cannot reach', async () => {
      await withPair(stage, async ({ north, south, proxy }) => {
        proxy.freeze()
        const entry = await revokeAt(north)
        const outcome = await north.leases.confirmOnOtherNodes(entry)
        assert.ok(!south.mayAccept(entry))
        assert.deepEqual(outcome, { acknowledged: 0, lapsed: 1 })
        proxy.thaw()
        await until(() => south.leases.leaseLeftMs() > 0 && !south.mayAccept(entry))
      })
    })

    it('does not wait for a node that has left', async () => {
      await withPair(stage, async ({ north, south }) => {
        await south.close()
        const entry = await revokeAt(north)
        const outcome = await north.leases.confirmOnOtherNodes(entry)
        assert.deepEqual(outcome, { acknowledged: 0, lapsed: 0 })
      })
    })

    it('waits once for a node that was killed, and not again', async () => {
      await withPair(stage, async ({ north, south }) => {
        // As if its process had ended: the row stays, and is not renewed.
        await south.close(terms.leaseMs)
        const first = await north.leases.confirmOnOtherNodes(await revokeAt(north))
        assert.deepEqual(first, { acknowledged: 0, lapsed: 1 })
        await until(() => north.leases.others().every(({ mayHoldLease }) => !mayHoldLease))
        const second = await north.leases.confirmOnOtherNodes(await revokeAt(north))
        assert.deepEqual(second, { acknowledged: 0, lapsed: 0 })
      })
    })

    it('of a position comes when all of it is acknowledged, whichever node wrote it', async () => {
      await withPair(
        stage,
        async ({ north, south }) => {
          for (const node of [north, south, north]) await revokeAt(node)
          const position = await north.store.head()
          const outcome = await north.leases.confirmedUpTo(position)
          assert.deepEqual(outcome, { acknowledged: 1, lapsed: 0 })
          for (const [stream, sequence] of position) {
            assert.ok((south.applied.get(stream) ?? 0) >= sequence, stream)
          }
        },
        { leaseMs: 30_000 },
      )
    })

    it('waits for the run of a node that has died, whatever its next run says', async () => {
      await withPair(stage, async ({ north, south, url }) => {
        // Stored by a process that ends before any other heard of it.
        south.hang()
        await revokeAt(south)
        await south.close(terms.leaseMs)
        const confirmed = north.leases.confirmedUpTo(await north.store.head())
        const next = await TestNode.open(url, 'south', stage.options)
        try {
          next.leases.acknowledge(await next.store.head())
          assert.equal((await confirmed).lapsed, 1)
        } finally {
          await next.close()
        }
      })
    })

    it('does not compare clocks: they may be years apart, and one a little faster', async () => {
      await withPair(
        stage,
        async ({ north, south }) => {
          const entry = await revokeAt(north)
          const outcome = await north.leases.confirmOnOtherNodes(entry)
          assert.deepEqual(outcome, { acknowledged: 1, lapsed: 0 })
          south.hang()
          const next = await revokeAt(north)
          await north.leases.confirmOnOtherNodes(next)
          assert.ok(!south.mayAccept(next))
        },
        {},
        { clock: otherClock(1e12, 1.01) },
      )
    })
  })

for (const stage of stages)
  describe(`a node on ${stage.name}`, { concurrency: true }, () => {
    it('joins anew when its row was removed, and catches up before it accepts', async () => {
      await withPair(stage, async ({ north, south, url }) => {
        south.hang()
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        await client.query(`DELETE FROM nodes WHERE name = 'south'`)
        await client.end()
        const entry = await revokeAt(north)
        await north.leases.confirmOnOtherNodes(entry)
        // Its last renewal may be unknown to the others, but it is over once it has heard of the entry.
        await until(() => south.leases.leaseLeftMs() === 0)
        south.wake()
        await until(() => south.leases.leaseLeftMs() > 0)
        const outcome = await north.leases.confirmOnOtherNodes(await revokeAt(north))
        assert.deepEqual(outcome, { acknowledged: 1, lapsed: 0 })
      })
    })

    it('may not join with a lease of another length, unless the others have ended', async () => {
      await withPair(
        stage,
        async ({ north, south, url }) => {
          await assert.rejects(
            TestNode.open(url, 'east', { ...stage.options, leaseMs: 1_000 }),
            /another length/,
          )
          await Promise.all([north.close(SHORT_LEASE_MS), south.close(SHORT_LEASE_MS)])
          const east = await TestNode.open(url, 'east', { ...stage.options, leaseMs: 1_000 })
          await east.close()
        },
        { leaseMs: SHORT_LEASE_MS },
      )
    })

    it('never accepts what was confirmed, whatever happens to it', async () => {
      await withPair(
        stage,
        async ({ north, south, proxy }) => {
          let outcomes = ''
          for (let round = 0; round < 24; round++) {
            const trouble = [
              () => undefined,
              () => {
                south.hang()
              },
              () => {
                proxy.freeze()
              },
              () => {
                proxy.cut()
              },
            ][(round * 7) % 4]
            trouble?.()
            const entry = await revokeAt(north)
            if (round % 3 === 0) trouble?.()
            const { acknowledged, lapsed } = await north.leases.confirmOnOtherNodes(entry)
            assert.ok(!south.mayAccept(entry), `round ${String(round)}`)
            outcomes += `${String(acknowledged)}/${String(lapsed)} `
            south.wake()
            proxy.thaw()
            if (round % 2 === 0) await until(() => south.leases.leaseLeftMs() > 0)
          }
          assert.match(outcomes, /1\/0/)
          assert.match(outcomes, /0\/1/)
        },
        { leaseMs: SHORT_LEASE_MS },
      )
    })
  })

function otherClock(offsetMs: number, rate: number): Clock {
  return {
    nowMs: () => systemClock.nowMs() + offsetMs,
    monotonicMs: () => systemClock.monotonicMs() * rate + offsetMs,
    after: (delayMs, callback) => systemClock.after(delayMs / rate, callback),
  }
}
