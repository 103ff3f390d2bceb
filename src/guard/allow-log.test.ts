import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import { issuer, makeTokenPool } from '../testing/token-pool.ts'
import { createGuard } from './guard.ts'
import type { Guard } from './options.ts'

const pool = await makeTokenPool(1)

/** A guard that never gets a lease and allows tokens; `tell` gets the lines on that. */
function allowingGuard(time: SimulatedTime, tell: (line: string) => void): Guard {
  return createGuard({
    server: issuer,
    issuer,
    credential: 'credential',
    onStale: 'allow',
    clock: new SimulatedProcess('guard', time, { rate: 1, wallOffsetMs: 0 }),
    connect: () => ({ send: () => undefined, close: () => undefined }),
    keys: () => pool.key,
    log: {
      info: () => undefined,
      warn: (fields, message) => {
        if ('allowed' in fields) tell(`${JSON.stringify(fields)} ${message}`)
      },
      error: () => undefined,
    },
  })
}

test('tokens that are allowed without a lease are logged once a second, with their number', async () => {
  const time = new SimulatedTime()
  const lines: string[] = []
  const guard = allowingGuard(time, (line) => lines.push(line))
  const check = async (times: number): Promise<void> => {
    for (let left = times; left > 0; left--) {
      assert.equal((await guard.check(pool.tokens[0]!.jwt)).ok, true)
    }
  }
  const passUntil = (ms: number): void => {
    while (time.step(ms));
  }
  await check(500)
  passUntil(1600)
  await check(2)
  passUntil(5000)
  // What was not said yet is said at the end.
  await check(1)
  guard.close()
  const message = 'tokens were accepted without a lease'
  assert.deepEqual(lines, [
    `{"allowed":500} ${message}`,
    `{"allowed":2} ${message}`,
    `{"allowed":1} ${message}`,
  ])
  assert.equal(guard.status().counters.allowedStale, 503)
})

test('they are logged once where the log then closes the guard', async () => {
  const time = new SimulatedTime()
  const lines: string[] = []
  const guard = allowingGuard(time, (line) => {
    lines.push(line)
    guard.close()
  })
  assert.equal((await guard.check(pool.tokens[0]!.jwt)).ok, true)
  while (time.step(5000));
  assert.deepEqual(lines, ['{"allowed":1} tokens were accepted without a lease'])
})
