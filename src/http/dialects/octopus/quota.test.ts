import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../../domain/failure.ts'
import type { Clock } from '../../../ports/clock.ts'
import { createQuota, type Quota } from './quota.ts'

function steppedClock(): Clock & { step(ms: number): void } {
  let atMs = 1_000_000
  return {
    nowMs: () => atMs,
    monotonicMs: () => atMs,
    after: () => () => undefined,
    step(ms) {
      atMs += ms
    },
  }
}

/** Seconds to wait, or 0 where the call was allowed. */
function spend(quota: Quota, key: string): number {
  try {
    quota.spend(key)
    return 0
  } catch (error) {
    assert.ok(error instanceof Refusal && error.failure.kind === 'rate_limited')
    return error.failure.retryAfterSeconds
  }
}

test('the window rolls: calls at the end of one minute count in the next', () => {
  const clock = steppedClock()
  const quota = createQuota({ points: 2, clock })
  clock.step(59_000)
  assert.equal(spend(quota, 'a'), 0)
  assert.equal(spend(quota, 'a'), 0)
  clock.step(2000)
  assert.equal(spend(quota, 'a'), 58)
  assert.equal(spend(quota, 'b'), 0)
})

test('waiting for as long as it says is enough, and refused calls do not count', () => {
  const clock = steppedClock()
  const quota = createQuota({ points: 1, clock })
  quota.spend('a')
  clock.step(59_500)
  for (let call = 0; call < 10; call++) assert.equal(spend(quota, 'a'), 1)
  clock.step(1000)
  assert.equal(spend(quota, 'a'), 0)
})

test('what is given back is free again', () => {
  const quota = createQuota({ points: 1, clock: steppedClock() })
  quota.spend('a')
  quota.giveBack('a')
  quota.giveBack('a')
  quota.giveBack('unknown')
  assert.equal(spend(quota, 'a'), 0)
  assert.equal(spend(quota, 'a'), 60)
})

test('a fraction of a call is at least one', () => {
  const quota = createQuota({ points: 0.01, clock: steppedClock() })
  assert.equal(spend(quota, 'a'), 0)
  assert.equal(spend(quota, 'a'), 60)
})

test('never more than so many in any sixty seconds, and never refused without cause', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 }),
      (points, steps) => {
        const clock = steppedClock()
        const quota = createQuota({ points, clock })
        const allowed: number[] = []
        for (const step of steps) {
          clock.step(step)
          const now = clock.nowMs()
          const recent = allowed.filter((atMs) => atMs > now - 60_000)
          const waitSeconds = spend(quota, 'a')
          assert.equal(waitSeconds === 0, recent.length < points)
          if (waitSeconds === 0) allowed.push(now)
          else assert.ok((recent[0] ?? 0) + 60_000 <= now + waitSeconds * 1000)
        }
      },
    ),
  )
})

test('memory is bounded: the key unused for longest is forgotten', () => {
  const quota = createQuota({ points: 1, clock: steppedClock() })
  quota.spend('first')
  quota.spend('second')
  for (let key = 0; key < 9999; key++) quota.spend(`key ${key}`)
  assert.equal(spend(quota, 'second'), 60)
  assert.equal(spend(quota, 'first'), 0)
})
