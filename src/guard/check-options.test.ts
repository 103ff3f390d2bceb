import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import { createGuard } from './index.ts'

const good = {
  server: 'https://auth.example',
  credential: 'credential',
  connect: () => ({ send: () => undefined, close: () => undefined }),
}

test('what cannot work is refused when the guard is made, and says what it is', () => {
  const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ server: 'auth.example' }, '"server" is not an http or https URL'],
    [{ server: undefined }, '"server" is not an http or https URL'],
    [{ credential: '' }, '"credential" is empty'],
    [{ credential: undefined }, '"credential" is empty'],
    [{ name: 'x'.repeat(129) }, '"name" is longer than 128 bytes'],
    [{ name: 'é'.repeat(65) }, '"name" is longer than 128 bytes'],
    [{ onStale: 'alow' }, '"onStale" is not refuse, ask or allow'],
    [{ cacheSize: -1 }, '"cacheSize" is not a whole number from 0'],
    [{ cacheSize: Number.NaN }, '"cacheSize" is not a whole number from 0'],
    [{ askTimeoutMs: 0 }, '"askTimeoutMs" is not a number above 0'],
    [{ askTimeoutMs: '1000' }, '"askTimeoutMs" is not a number above 0'],
  ]
  for (const [change, why] of wrong) {
    assert.throws(
      () => createGuard({ ...good, ...change }),
      new TypeError(`Cannot create guard: ${why}`),
    )
  }
})

test('what can is taken: a prefix, a name of 128 bytes, no cache', () => {
  createGuard({
    ...good,
    server: 'http://127.0.0.1:8080/prefix/',
    name: 'é'.repeat(64),
    onStale: 'ask',
    cacheSize: 0,
    askTimeoutMs: 0.5,
  }).close()
})

test('a route that has a policy nobody knows refuses, and does not throw', async () => {
  const clock = new SimulatedProcess('guard', new SimulatedTime(), { rate: 1, wallOffsetMs: 0 })
  const { key, tokens } = await makeTokenPool(1)
  const guard = createGuard({ ...good, issuer, clock, keys: () => key })
  const onStale = 'alow' as 'allow'
  const verdict = await guard.check(tokens[0]?.jwt, { onStale })
  guard.close()
  assert.deepEqual(verdict, { ok: false, reason: 'stale' })
})
