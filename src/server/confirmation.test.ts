import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Receipt } from '../domain/receipt.ts'
import type { Position, Revocation } from '../domain/revocation.ts'
import type { ConfirmedElsewhere } from '../ports/node-lease.ts'
import { confirmEverywhere } from './confirmation.ts'

const revocation = { id: 'r1', stream: 'node-1', sequence: 7 } as Revocation
const here: Receipt = {
  revocationId: 'r1',
  confirmed: true,
  acknowledged: 2,
  verifiers: 2,
  lapsed: 0,
  elapsedMs: 3,
}
const hub = {
  confirmedUpTo: () => Promise.resolve(here),
  confirmed: () => Promise.resolve(here),
  receipt: ({ id }: Pick<Revocation, 'id'>) => (id === 'r1' ? here : undefined),
}
const clock = { monotonicMs: () => 0, nowMs: () => 0, after: () => () => undefined }
const metrics = { observeConfirmation: () => undefined }

/** Two other nodes; `answer` lets them say that they have acknowledged. */
function twoNodes() {
  const asked: ((outcome: ConfirmedElsewhere) => void)[] = []
  const upTo: Position[] = []
  const other = { acknowledged: new Map<string, number>(), mayHoldLease: true }
  const confirmation = confirmEverywhere(
    hub,
    {
      others: () => [
        { ...other, name: 'node-2' },
        { ...other, name: 'node-3' },
      ],
      confirmOnOtherNodes: () => new Promise((resolve) => asked.push(resolve)),
      confirmedUpTo: (position) => {
        upTo.push(position)
        return new Promise((resolve) => asked.push(resolve))
      },
    },
    clock,
    metrics,
  )
  const answer = async (): Promise<void> => {
    for (const resolve of asked.splice(0)) resolve({ acknowledged: 1, lapsed: 1 })
    await new Promise(setImmediate)
  }
  return { confirmation, asked, upTo, answer }
}

const everywhere = { ...here, acknowledged: 3, verifiers: 4, lapsed: 1 }

test('of several nodes, what this one and its guards have said is not a confirmation', async () => {
  const { confirmation, answer } = twoNodes()
  assert.deepEqual(confirmation.receipt(revocation), { ...here, confirmed: false, verifiers: 4 })
  await answer()
  assert.deepEqual(confirmation.receipt(revocation), everywhere, 'known, although no call waited')
})

test('the other nodes are asked once about one revocation', async () => {
  const { confirmation, asked, answer } = twoNodes()
  const confirmed = confirmation.confirmed(revocation)
  confirmation.receipt(revocation)
  confirmation.receipt(revocation)
  await new Promise(setImmediate)
  assert.equal(asked.length, 1)
  await answer()
  assert.deepEqual(await confirmed, everywhere)
  confirmation.receipt(revocation)
  assert.equal(asked.length, 0)
})

test('no node is asked about what is not remembered here', () => {
  const { confirmation, asked } = twoNodes()
  assert.equal(confirmation.receipt({ ...revocation, id: 'r0' }), undefined)
  assert.equal(asked.length, 0)
})

test('what had ended before is asked of all nodes by position, anew each time', async () => {
  const { confirmation, upTo, asked, answer } = twoNodes()
  const position = new Map([
    ['node-1', 7],
    ['node-2', 3],
  ])
  for (let turn = 0; turn < 2; turn++) {
    let isDone = false
    const confirmed = confirmation.confirmedUpTo(position).finally(() => (isDone = true))
    await new Promise(setImmediate)
    assert.equal(isDone, false, 'this node alone has not confirmed it')
    assert.equal(asked.length, 1)
    await answer()
    assert.deepEqual({ ...here, ...(await confirmed) }, everywhere)
  }
  assert.deepEqual(upTo, [position, position])
})

test('one node alone says what it knows', () => {
  assert.deepEqual(confirmEverywhere(hub, undefined, clock, metrics).receipt(revocation), here)
})
