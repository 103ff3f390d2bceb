import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Refusal } from '../../../domain/failure.ts'
import type { Clock } from '../../../ports/clock.ts'
import { createThrottle } from './throttle.ts'

/** A clock that stands where the test puts it. */
function steppedClock(): Clock & { at: number } {
  return {
    at: 0,
    nowMs: () => 0,
    monotonicMs() {
      return this.at
    },
    after: () => () => undefined,
  }
}

function passes(throttle: (address: string) => void, address: string): boolean {
  try {
    throttle(address)
    return true
  } catch (error) {
    assert.ok(error instanceof Refusal)
    assert.deepEqual(error.failure, { kind: 'rate_limited', retryAfterSeconds: 1 })
    return false
  }
}

suite('the throttle', () => {
  test('answers the vendor’s table of one client, row for row', () => {
    const clock = steppedClock()
    const throttle = createThrottle(clock, 1)
    const rows: readonly (readonly [seconds: number, passes: boolean])[] = [
      ...[0, 0.3, 0.6, 0.9, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.1, 2.2].map(
        (seconds) => [seconds, true] as const,
      ),
      [2.4, false],
      [2.6, false],
      [2.8, false],
      [3.1, true],
    ]
    for (const [seconds, expected] of rows) {
      clock.at = seconds * 1000
      assert.equal(passes(throttle, '192.0.2.1'), expected, `second ${String(seconds)}`)
    }
  })

  test('clears one second after the first refusal', () => {
    const clock = steppedClock()
    const throttle = createThrottle(clock, 1)
    while (passes(throttle, 'a'));
    clock.at += 999
    assert.equal(passes(throttle, 'a'), false)
    clock.at += 1
    assert.equal(passes(throttle, 'a'), true)
  })

  test('counts each address for itself', () => {
    const throttle = createThrottle(steppedClock(), 1)
    while (passes(throttle, 'a'));
    assert.equal(passes(throttle, 'b'), true)
  })

  test('allows factor times as many', () => {
    const throttle = createThrottle(steppedClock(), 3)
    let count = 0
    while (passes(throttle, 'a')) count++
    assert.equal(count, 33)
  })

  test('remembers a hundred thousand addresses and no more', () => {
    const throttle = createThrottle(steppedClock(), 1)
    while (passes(throttle, 'first'));
    for (let index = 0; index < 100_000; index++) throttle(`address-${String(index)}`)
    assert.equal(passes(throttle, 'first'), true)
  })
})
