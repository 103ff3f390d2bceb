import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OtherNode } from '../ports/node-lease.ts'
import { NodeLags } from './node-lags.ts'

const stream = 'node-1'

test('the lag of another node is the time from a commit here to its acknowledgement', async () => {
  let nowMs = 100
  let others: readonly OtherNode[] = []
  let acknowledged: (() => void)[] = []
  const at = (name: string, sequence: number): OtherNode => ({
    name,
    acknowledged: new Map([[stream, sequence]]),
    mayHoldLease: true,
  })
  const lags = new NodeLags(
    {
      others: () => others,
      confirmOnOtherNodes: () =>
        new Promise((resolve) => {
          acknowledged.push(() => {
            resolve({ acknowledged: 1, lapsed: 0 })
          })
        }),
      confirmedUpTo: () => Promise.resolve({ acknowledged: 1, lapsed: 0 }),
    },
    { monotonicMs: () => nowMs },
  )
  const acknowledgeAll = (): void => {
    for (const wake of acknowledged) wake()
    acknowledged = []
  }

  assert.equal(lags.of('node-2'), undefined)
  const first = lags.confirmOnOtherNodes({ stream, sequence: 1 })
  nowMs = 103
  const second = lags.confirmOnOtherNodes({ stream, sequence: 2 })
  nowMs = 107
  others = [at('node-2', 2), at('node-3', 0)]
  acknowledgeAll()
  assert.deepEqual(await first, { acknowledged: 1, lapsed: 0 })
  await second
  assert.equal(lags.of('node-2'), 7, 'the oldest of what was acknowledged together')
  assert.equal(lags.of('node-3'), undefined, 'its lease ran out: it has said nothing')

  const third = lags.confirmOnOtherNodes({ stream, sequence: 3 })
  nowMs = 200
  others = [at('node-2', 3)]
  acknowledgeAll()
  await third
  assert.equal(lags.of('node-2'), 93)
  assert.equal(lags.of('node-3'), undefined, 'nodes that are gone are forgotten')
})
