import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recent } from './recent.ts'

test('asks once in a while, of many callers one, and again at once after a failure', async () => {
  let nowMs = 0
  let asked = 0
  let fails = false
  const ask = recent({ monotonicMs: () => nowMs }, 100, () => {
    asked += 1
    return fails ? Promise.reject(new Error('no answer')) : Promise.resolve(asked)
  })
  assert.deepEqual(await Promise.all([ask(), ask()]), [1, 1])
  nowMs = 100
  assert.equal(await ask(), 1)
  nowMs = 101
  fails = true
  await assert.rejects(ask(), /no answer/)
  await assert.rejects(ask(), /no answer/)
  fails = false
  assert.equal(await ask(), 4)
  assert.equal(await ask(), 4)
})
