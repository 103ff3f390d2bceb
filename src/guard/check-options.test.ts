import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import * as forExpress from './adapters/express.ts'
import * as forFastify from './adapters/fastify.ts'
import * as forHono from './adapters/hono.ts'
import * as forNode from './adapters/node.ts'
import { createGuard } from './index.ts'

const good = {
  server: 'https://auth.example',
  credential: 'credential',
  connect: () => ({ send: () => undefined, close: () => undefined }),
}

test('what cannot work is refused when the guard is made: which option, what was given, what may be', () => {
  const server = 'an http or https URL without user name, password, query and fragment'
  const text = 'a string that is not empty'
  const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ server: 'auth.example' }, `"server" is "auth.example", not ${server}`],
    [{ server: undefined }, `"server" is undefined, not ${server}`],
    [{ server: 'https://me:secret@auth.example' }, `"server" is what it is, not ${server}`],
    [{ server: 'https://auth.example?key=secret' }, `"server" is what it is, not ${server}`],
    [{ credential: '' }, `"credential" is empty, not ${text}`],
    [{ credential: undefined }, `"credential" is undefined, not ${text}`],
    [{ name: 'x'.repeat(129) }, `"name" is "${'x'.repeat(40)}", not a string of 128 bytes at most`],
    [{ name: 'é'.repeat(65) }, `"name" is "${'é'.repeat(40)}", not a string of 128 bytes at most`],
    [{ onStale: 'alow' }, '"onStale" is "alow", not refuse, ask or allow'],
    [{ onStale: null }, '"onStale" is null, not refuse, ask or allow'],
    [{ cacheSize: -1 }, '"cacheSize" is -1, not a whole number from 0'],
    [{ cacheSize: Number.NaN }, '"cacheSize" is NaN, not a whole number from 0'],
    [{ askTimeoutMs: 0 }, '"askTimeoutMs" is 0, not a number of milliseconds above 0'],
    [{ askTimeoutMs: '1000' }, '"askTimeoutMs" is "1000", not a number of milliseconds above 0'],
    [{ audience: ['a'] }, `"audience" is a list, not ${text}`],
    [{ audience: '' }, `"audience" is empty, not ${text}`],
    [
      { audience: undefined },
      '"audience" is undefined; leave it out to accept tokens for every API',
    ],
    [{ issuer: 7 }, `"issuer" is 7, not ${text}`],
    [
      { log: { warn: () => undefined } },
      '"log" is a object, not an object with info, warn and error',
    ],
    [{ fetch: 'fetch' }, '"fetch" is "fetch", not a function'],
  ]
  for (const [change, why] of wrong) {
    assert.throws(
      () => createGuard({ ...good, ...change }),
      new TypeError(`Cannot create guard: ${why}`),
    )
  }
})

test('an option that there is not is refused, in a guard, in ready() and in every adapter', async () => {
  const message = (of: RegExp): { name: string; message: RegExp } => ({
    name: 'TypeError',
    message: of,
  })
  const none =
    /there is no option "(onstale|timeout|audeince|closecode)", but .*(onStale|timeoutMs|closeCode)/
  const misspelt = { ...good, onstale: 'allow' }
  assert.throws(() => createGuard(misspelt), message(none))
  const guard = createGuard(good)
  const timeout = { timeout: 5 } as object
  await assert.rejects(guard.ready(timeout), message(none))
  await assert.rejects(guard.ready({ timeoutMs: -1 }), message(/"timeoutMs" is -1/))
  const audience = { audeince: 'a' } as object
  const policy = { onStale: 'alow' as 'allow' }
  const request = { headers: {}, rawHeaders: [] } as never
  for (const options of [audience, policy]) {
    const which =
      options === policy ? message(/"onStale" is "alow", not refuse, ask or allow/) : message(none)
    assert.throws(() => forExpress.protect(guard, options), which)
    assert.throws(() => forFastify.protect(guard, options), which)
    assert.throws(() => forHono.protect(guard, options), which)
    assert.throws(() => forNode.protectListener(guard, () => undefined, options), which)
    await assert.rejects(forNode.protect(guard, request, {} as never, options), which)
    await assert.rejects(forNode.protectUpgrade(guard, request, {} as never, options), which)
  }
  for (const [wrong, why] of [
    [{ scope: 7 }, /"scope" is 7, not names/],
    [{ graceMs: '5' }, /"graceMs" is "5", not a number of milliseconds from 0/],
    [{ closeCode: 200 }, /"closeCode" is 200, not a code from 1000 to 4999 that may be sent/],
    [{ tokenOf: 'cookie' }, /"tokenOf" is "cookie", not a function/],
  ] as const) {
    assert.throws(() => forExpress.protect(guard, wrong as object), message(why))
  }
  const closecode = { closecode: 4401 } as object
  assert.throws(() => forHono.protectUpgrade(guard, () => ({}), closecode), message(none))
  guard.close()
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

test('a route with an unknown policy refuses, and does not throw', async () => {
  const clock = new SimulatedProcess('guard', new SimulatedTime(), { rate: 1, wallOffsetMs: 0 })
  const { key, tokens } = await makeTokenPool(1)
  const guard = createGuard({ ...good, issuer, clock, keys: () => key })
  const onStale = 'alow' as 'allow'
  const verdict = await guard.check(tokens[0]?.jwt, { onStale })
  guard.close()
  assert.deepEqual(verdict, { ok: false, reason: 'stale' })
})
