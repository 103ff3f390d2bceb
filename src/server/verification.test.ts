import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Clock } from '../ports/clock.ts'
import { openSqliteStore } from '../stores/sqlite/store.ts'
import { silentLog } from './system.ts'
import { openVerification } from './verification.ts'

/** Passes only where the test says so. */
function simulatedClock(): Clock & { readonly pass: (ms: number) => void } {
  let passedMs = 0
  const due = new Map<() => void, number>()
  return {
    nowMs: () => 1_800_000_000_000 + passedMs,
    monotonicMs: () => passedMs,
    after(delayMs, act) {
      due.set(act, passedMs + delayMs)
      return () => due.delete(act)
    },
    pass(ms) {
      passedMs += ms
      for (const [act, atMs] of due) {
        if (atMs > passedMs) continue
        due.delete(act)
        act()
      }
    },
  }
}

suite('a node that starts on a database which may lack what was granted', () => {
  test('waits once for the longest lease that any setting grants, over restarts too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outright-'))
    const path = join(folder, 'outright.db')
    const store = await openSqliteStore({ path, stream: 'node-1', durability: 'off' })
    try {
      const clock = simulatedClock()
      const config = { issuer: 'http://127.0.0.1', leaseMs: 2000, renewMs: 500 }
      const time = { trustedMs: () => clock.nowMs() }
      const start = async (isUndecided: boolean) =>
        (await openVerification(store, undefined, isUndecided, config, time, clock, silentLog)).hub
      const usual = await start(false)
      assert.equal(usual.heldForMs(), 0)
      usual.close()

      const restored = await start(true)
      assert.ok(restored.heldForMs() > 60_000)
      clock.pass(30_000)
      // It dies after the decision, whose mark is gone, and before it has waited.
      restored.close()
      const next = await start(false)
      assert.ok(next.heldForMs() > 60_000)
      for (let passedMs = 0; next.heldForMs() > 0; passedMs += 1000) {
        assert.ok(passedMs < 70_000)
        clock.pass(1000)
      }
      while ((await store.listTickets('installation', 'unknown-lease-ms', 1))[0]?.value !== '0') {
        await new Promise(setImmediate)
      }
      next.close()
      const last = await start(false)
      assert.equal(last.heldForMs(), 0)
      last.close()
    } finally {
      await store.close()
      await rm(folder, { recursive: true })
    }
  })
})
