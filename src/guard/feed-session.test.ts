import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import type { NodeFrame } from '../protocol/feed.ts'
import { FeedSession } from './feed-session.ts'
import { Following } from './following.ts'
import { guardRules, Lease, type GuardRules } from './lease.ts'

const clock = {
  nowMs: () => 1_800_000_000_000,
  monotonicMs: () => 1000,
  after: () => () => undefined,
}

/** A guard that holds a lease, then gets the whole of another node's replica. */
function moved(rules: GuardRules): { readonly lease: Lease; readonly following: Following } {
  const lease = new Lease(clock, rules)
  lease.extend(lease.now(), 2000)
  const following = new Following()
  const session = new FeedSession(
    {
      clock,
      rules,
      lease,
      following,
      instance: new Uint8Array(16).fill(1),
      attempt: 2,
      name: 'orders',
      software: 'test',
      applied: () => undefined,
      replaced: () => undefined,
      renewed: () => undefined,
    },
    { send: () => undefined, close: () => undefined },
  )
  session.opened()
  const frames: readonly NodeFrame[] = [
    {
      type: 'hello',
      version: 1,
      snapshot: true,
      leaseMs: 2000,
      renewMs: 500,
      epoch: new Uint8Array(16).fill(7),
      issuer: 'https://auth.example',
      node: 'node-b',
    },
    { type: 'snapshotEnd', total: 0, mark: 3, position: new Map([['node-b', 3]]) },
  ]
  for (const frame of frames) session.frame(encodeNodeFrame(frame))
  return { lease, following }
}

test('G5: a lease ends with the replica that it was granted for', () => {
  const { lease, following } = moved(guardRules)
  assert.equal(following.mark, 3)
  assert.equal(lease.held, false)
})

test('G5 is what ends it: without the rule it would last', () => {
  assert.equal(moved({ ...guardRules, dropsWithReplica: false }).lease.held, true)
})
