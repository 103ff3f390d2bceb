import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Planned, StepRequest } from '../../core/plan-deliveries.ts'
import type { Revocation } from '../../domain/revocation.ts'
import { startPlanning } from './planning.ts'
import type { DeliveringParts } from './index.ts'

const OWN = 'this node'

/** A node whose log grows while it is read, so that there is always something to plan. */
function startNode(outcomes: (which: StepRequest, call: number) => Planned, stepMs = 0) {
  let nowMs = 0
  const timers: { readonly atMs: number; readonly act: () => void }[] = []
  const calls: (string | undefined)[] = []
  let wakes = 0
  let commit: (entries: readonly Revocation[]) => void = () => assert.fail('nobody listens')
  const clock = {
    after(delayMs: number, act: () => void) {
      const timer = { atMs: nowMs + delayMs, act }
      timers.push(timer)
      return () => timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0)
    },
  }
  const parts = {
    core: {
      async planDeliveries(which: StepRequest) {
        calls.push(which.stream)
        if (calls.length > 1000) throw new Error('it never ends')
        if (stepMs > 0) await new Promise<void>((resolve) => clock.after(stepMs, resolve))
        await node.hold?.()
        return outcomes(which, calls.length)
      },
    },
    dependencies: {
      clock,
      random: { bytes: () => Uint8Array.of(128) },
      log: { warn: (fields: object) => assert.fail(JSON.stringify(fields)) },
      store: {
        stream: OWN,
        onCommitted(listener: typeof commit) {
          commit = listener
          return () => undefined
        },
      },
    },
  } as unknown as DeliveringParts
  const planning = startPlanning(parts, () => (wakes += 1))
  /** Lets time pass, and what is due happen: what waits for nothing is over in one turn. */
  const pass = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms
    for (;;) {
      await turn()
      const next = timers.toSorted((one, other) => one.atMs - other.atMs)[0]
      if (next === undefined || next.atMs > untilMs) break
      timers.splice(timers.indexOf(next), 1)
      nowMs = next.atMs
      next.act()
    }
    nowMs = untilMs
  }
  const node = {
    planning,
    calls,
    /** What a step waits for. */
    hold: undefined as (() => Promise<void>) | undefined,
    pass,
    wakes: () => wakes,
    write: () => {
      commit([{ stream: OWN } as Revocation])
    },
  }
  return node
}

function planned(more: Partial<Planned & { kind: 'planned' }> = {}): Planned {
  return { kind: 'planned', stream: OWN, hasMore: false, owed: 0, ...more }
}

suite('following the log', () => {
  test('plans what was written within a moment in one step, however much follows it', async () => {
    const node = startNode(({ stream }) => (stream === undefined ? { kind: 'done' } : planned()))
    await node.pass(0)
    node.calls.length = 0
    for (let ms = 0; ms < 1000; ms++) {
      node.write()
      await node.pass(1)
    }
    await node.pass(100)
    const own = node.calls.filter((stream) => stream === OWN)
    assert.ok(own.length >= 10 && own.length <= 21, `${String(own.length)} steps for 1,000 entries`)
    await node.planning.close()
  })

  test('takes longer than entries are gathered, and no call waits behind another', async () => {
    const slow = startNode(
      ({ stream }) => (stream === undefined ? { kind: 'done' } : planned()),
      400,
    )
    for (let ms = 0; ms < 4000; ms += 5) {
      slow.write()
      await slow.pass(5)
    }
    const before = slow.calls.length
    await slow.pass(2000)
    assert.ok(slow.calls.length - before <= 2, 'the rest is one call, and a look')
    await slow.pass(10_000)
    await slow.planning.close()
  })

  test('goes on at once where a step could not hold all', async () => {
    const node = startNode(({ stream }, call) =>
      stream === undefined ? { kind: 'done' } : planned({ hasMore: call < 30 }),
    )
    await node.pass(0)
    node.write()
    await node.pass(50)
    assert.equal(node.calls.length, 30)
    await node.planning.close()
  })

  test('a look takes a step of each stream in turn, and ends although all of them go on', async () => {
    // The first in the order of their names always has something new, the second is long.
    const left = new Map([
      ['busy', 1],
      ['long', 5],
      ['of a node that died', 2],
    ])
    const order: string[] = []
    const node = startNode(({ stream, except = [] }) => {
      const next = stream ?? [...left.keys()].find((name) => !except.includes(name))
      if (next === undefined) return { kind: 'done' }
      order.push(next)
      const steps = (left.get(next) ?? 1) - 1
      left.set(next, Math.max(steps, 1))
      return planned({ stream: next, hasMore: steps > 0 })
    })
    await node.pass(0)
    const [busy, long, dead] = [...left.keys()]
    assert.deepEqual(order, [busy, long, dead, long, dead, long, long, long])
    await node.planning.close()
  })

  test('what is written while a step waits for its turn is planned in it, and not once more', async () => {
    let finish: (() => void) | undefined
    const node = startNode(({ stream }) => (stream === undefined ? { kind: 'done' } : planned()))
    node.hold = () => new Promise<void>((resolve) => (finish = resolve))
    await node.pass(0)
    for (let ms = 0; ms < 1000; ms++) {
      node.write()
      await node.pass(1)
    }
    node.hold = undefined
    finish?.()
    await node.pass(100)
    assert.deepEqual(node.calls, [undefined, OWN])
    await node.planning.close()
  })

  test('what is written during a look at what is long waits for one step of it', async () => {
    let finish: (() => void) | undefined
    const long = { stream: 'long', hasMore: true }
    const node = startNode(({ stream }) => planned(stream === undefined ? long : {}))
    node.hold = () => new Promise<void>((resolve) => (finish = resolve))
    await node.pass(0)
    node.write()
    await node.pass(50)
    for (let step = 0; step < 3; step++) {
      finish?.()
      await node.pass(0)
    }
    assert.deepEqual(node.calls, [undefined, OWN, undefined, undefined])
    const closed = node.planning.close()
    finish?.()
    await closed
  })

  test('says only where something is owed that there is something to send', async () => {
    const node = startNode(({ stream }, call) =>
      stream === undefined ? { kind: 'done' } : planned({ owed: call === 3 ? 2 : 0 }),
    )
    await node.pass(0)
    for (const wakes of [0, 1, 1]) {
      node.write()
      await node.pass(50)
      assert.equal(node.wakes(), wakes)
    }
    await node.planning.close()
  })

  test('tries again where another node planned at the same time', async () => {
    const node = startNode(({ stream }, call) => {
      if (stream === undefined) return { kind: 'done' }
      return call < 4 ? { kind: 'overtaken' } : planned()
    })
    await node.pass(0)
    node.write()
    await node.pass(50 + 2 * 50)
    assert.equal(node.calls.length, 4)
    await node.planning.close()
  })
})
