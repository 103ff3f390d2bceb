import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../domain/failure.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'

/** Time passes by `step`; the wall clock alone is moved by `set`. */
function clocks() {
  let atMs = 5_000_000
  let wallMs = 0
  return {
    nowMs: () => atMs + wallMs,
    monotonicMs: () => atMs,
    after: () => () => undefined,
    step(ms: number) {
      atMs += ms
    },
    set(ms: number) {
      wallMs += ms
    },
  }
}

/** Seconds to wait, or 0 where the call was allowed. */
async function wait(limit: RateLimit, key: string): Promise<number> {
  try {
    await limit.consume(key)
    return 0
  } catch (error) {
    assert.ok(error instanceof Refusal && error.failure.kind === 'rate_limited')
    return error.failure.retryAfterSeconds
  }
}

suite('a rate limit', () => {
  test('allows so many in a window, which begins with the first call, and says how long to wait', async () => {
    const clock = clocks()
    const limit = createRateLimit({ points: 2, windowSeconds: 60 }, { rateLimitFactor: 1, clock })
    assert.deepEqual([await wait(limit, 'a'), await wait(limit, 'a')], [0, 0])
    clock.step(30_500)
    assert.deepEqual([await wait(limit, 'a'), await wait(limit, 'b')], [30, 0])
    clock.step(29_499)
    assert.equal(await wait(limit, 'a'), 1)
    clock.step(1)
    assert.equal(await wait(limit, 'a'), 0)
  })

  test('a wall clock that is set, back or forward, neither opens it nor holds it longer', async () => {
    const day = 86_400_000
    const step = fc.record({
      passesMs: fc.integer({ min: 0, max: 40_000 }),
      isSetByMs: fc.oneof(fc.constant(0), fc.integer({ min: -400 * day, max: 400 * day })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = clocks()
        const rule = { points: 2, windowSeconds: 60 }
        const limit = createRateLimit(rule, { rateLimitFactor: 1, clock })
        let window = { endsAtMs: 0, calls: 0 }
        for (const { passesMs, isSetByMs } of steps) {
          clock.step(passesMs)
          clock.set(isSetByMs)
          const nowMs = clock.monotonicMs()
          if (nowMs >= window.endsAtMs) window = { endsAtMs: nowMs + 60_000, calls: 0 }
          window.calls++
          const expected = window.calls <= 2 ? 0 : Math.ceil((window.endsAtMs - nowMs) / 1000)
          assert.equal(await wait(limit, 'a'), expected)
        }
      }),
    )
  })

  test('multiplies its points, of which one remains', async () => {
    const clock = clocks()
    const rule = { points: 2, windowSeconds: 60 }
    const wide = createRateLimit(rule, { rateLimitFactor: 1.5, clock })
    for (const expected of [0, 0, 0, 60]) assert.equal(await wait(wide, 'a'), expected)
    const narrow = createRateLimit(rule, { rateLimitFactor: 0.01, clock })
    for (const expected of [0, 60]) assert.equal(await wait(narrow, 'a'), expected)
  })

  test('counts a network of IPv6 as one caller', async () => {
    const clock = clocks()
    const limit = createRateLimit({ points: 1, windowSeconds: 60 }, { rateLimitFactor: 1, clock })
    assert.equal(await wait(limit, '2001:db8::1'), 0)
    assert.equal(await wait(limit, '2001:db8::ffff'), 60)
    assert.equal(await wait(limit, '2001:db8:0:1::1'), 0)
  })

  test('holds a bounded number of keys: who called least recently starts anew', async () => {
    const host = { rateLimitFactor: 1, clock: clocks() }
    const limit = createRateLimit({ points: 1, windowSeconds: 3600 }, host, 100)
    for (let number = 0; number < 100; number++) await limit.consume(`key ${String(number)}`)
    assert.ok((await wait(limit, 'key 0')) > 0)
    await limit.consume('one more')
    assert.ok((await wait(limit, 'key 0')) > 0)
    assert.equal(await wait(limit, 'key 1'), 0)
  })
})
