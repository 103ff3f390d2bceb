/** Cuts of a log that several nodes write, each with one of them behind, away or cutting as well. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { verifyChain } from '../../src/core/verify-audit.ts'
import {
  now,
  openWithToken,
  refuses,
  revocation,
  rotation,
  times,
} from '../../src/stores/contract/samples.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { CUT_OFF } from '../../src/stores/postgres/writer.ts'
import { systemClock } from '../../src/server/system.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { cut, old } from './cut-kit.ts'
import { modes, openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

for (const { name, settings, options } of modes) {
  const own = Object.keys(settings).length > 0
  const server = await startPostgres({ own, settings: { fsync: 'off', ...settings } })
  after(() => server.stop())

  describe(`two nodes on ${name}`, () => {
    it('cut at once while both end sessions: every stream verifies, at both', async () => {
      const url = await server.createDatabase()
      const nodes = [await openNode(url, 'north', options), await openNode(url, 'south', options)]
      for (const node of nodes) {
        for (let round = 0; round < 3; round += 1) {
          await Promise.all(times(400, () => node.revoke(revocation(old))))
        }
      }
      const opened = await openWithToken(nodes[0]!)
      await Promise.all([
        ...nodes.map((node) => cut(node)),
        ...nodes.flatMap((node) => times(100, () => node.revoke(revocation()))),
        nodes[1]!.revoke(revocation({ key: opened.sid })),
      ])
      assert.equal((await nodes[0]!.rotate(rotation(opened.token))).kind, 'revoked')
      await cut(nodes[0]!)
      for (const node of nodes) {
        const verdict = await verifyChain(node)
        assert.ok(verdict.intact, JSON.stringify(verdict))
        const cuts = [...verdict.checkpoints.values()].map(({ sequence }) => sequence)
        assert.deepEqual(cuts, [1200, 1200])
        assert.equal(verdict.entries, 201)
      }
      for (const node of nodes) await node.close()
    })

    it('cut a stream whose node is away, and it goes on where it was', async () => {
      const url = await server.createDatabase()
      const [north, south] = [
        await openNode(url, 'north', options),
        await openNode(url, 'south', options),
      ]
      await Promise.all(times(50, () => south.revoke(revocation(old))))
      await south.close()
      await cut(north)
      const back = await openNode(url, 'south', options)
      const { revocation: entry } = await back.revoke(revocation())
      assert.equal(entry.sequence, 51)
      const verdict = await verifyChain(back)
      assert.equal(verdict.intact && verdict.checkpoints.get('south')?.sequence, 49)
      await back.close()
      await north.close()
    })

    it('are not fooled where one has not read what the other cuts: it stops, and a new start serves', async () => {
      const url = await server.createDatabase()
      const north = await openNode(url, 'north', options)
      const stopped = Promise.withResolvers<string>()
      // It looks for news of others when the test says so.
      let look = (): void => undefined
      const clock: Clock = {
        ...systemClock,
        after(ms, run) {
          if (ms !== 3_600_000) return systemClock.after(ms, run)
          look = run
          return () => undefined
        },
      }
      const behind = await openNode(url, 'south', {
        ...options,
        clock,
        notifier: 'poll',
        pollEveryMs: 3_600_000,
        onStopped: stopped.resolve,
      })
      const heard: string[] = []
      behind.onCommitted((entries) => void heard.push(...entries.map(({ stream }) => stream)))
      await Promise.all(times(50, () => north.revoke(revocation(old))))
      await north.revoke(revocation())
      await cut(north)
      look()
      assert.equal(await stopped.promise, CUT_OFF)
      assert.deepEqual(heard, [], 'nothing behind a gap is handed out')
      await refuses(behind.revoke(revocation()), 'store_unavailable')
      await behind.close()
      const again = await openNode(url, 'south', options)
      const news: string[] = []
      again.onCommitted((entries) => void news.push(...entries.map(({ id }) => id)))
      const { revocation: next } = await north.revoke(revocation({ atMs: now }))
      await until(() => news.includes(next.id))
      await again.close()
      await north.close()
    })
  })
}
