import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeGuardFrame } from '../protocol/feed-decode.ts'
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import { type NodeFrame, feedScopes, feedVersion } from '../protocol/feed.ts'
import { SimulatedProcess } from '../testing/simulated-process.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import type { GuardClock } from './clock.ts'
import { FeedSession, type FeedSessionContext } from './feed-session.ts'
import { Following } from './following.ts'
import { guardRules, Lease, type GuardRules } from './lease.ts'
import type { FeedSocket } from './transport.ts'

const clock = {
  nowMs: () => 1_800_000_000_000,
  monotonicMs: () => 1000,
  after: () => () => undefined,
}

function sessionWith(
  ownClock: GuardClock,
  socket: FeedSocket,
  rest: Partial<FeedSessionContext> = {},
): FeedSession {
  const context: FeedSessionContext = {
    clock: ownClock,
    rules: guardRules,
    lease: new Lease(ownClock, guardRules),
    following: new Following(),
    instance: new Uint8Array(16).fill(1),
    attempt: 2,
    name: 'orders',
    software: 'test',
    openingMs: 5000,
    applied: () => undefined,
    replaced: () => undefined,
    renewed: () => undefined,
    lost: () => undefined,
    ...rest,
  }
  return new FeedSession(context, socket)
}

/** Gets the whole of another node's replica. */
function follow(session: FeedSession): void {
  session.opened()
  const frames: readonly NodeFrame[] = [
    {
      type: 'hello',
      version: feedVersion,
      snapshot: true,
      leaseMs: 2000,
      renewMs: 500,
      epoch: new Uint8Array(16).fill(7),
      issuer: 'https://auth.example',
      node: 'node-b',
      scopes: feedScopes,
    },
    { type: 'snapshotEnd', total: 0, mark: 3, overSeconds: 0, position: new Map([['node-b', 3]]) },
  ]
  for (const frame of frames) session.frame(encodeNodeFrame(frame))
}

/** A guard that holds a lease, then gets the whole of another node's replica. */
function moved(rules: GuardRules): { readonly lease: Lease; readonly following: Following } {
  const lease = new Lease(clock, rules)
  lease.extend(lease.now(), 2000)
  const following = new Following()
  const socket = { send: () => undefined, close: () => undefined }
  follow(sessionWith(clock, socket, { rules, lease, following }))
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

test('a node that grants no lease for three leases is left: another may be current', () => {
  const time = new SimulatedTime()
  const process = new SimulatedProcess('guard', time, { rate: 1, wallOffsetMs: 0 })
  const closed: string[] = []
  const session = sessionWith(process, {
    send: (bytes) => {
      const frame = decodeGuardFrame(bytes)
      // It answers, so that it is not silent, and grants nothing until the guard has waited a while.
      if (frame.type !== 'ping') return
      const leaseMs = time.nowMs < 3000 && frame.nonce > 5 ? 2000 : 0
      const pong = { type: 'pong', nonce: frame.nonce, leaseMs, overSeconds: 0, mark: 3 } as const
      time.after(1, () => {
        session.frame(encodeNodeFrame(pong))
      })
    },
    close: (_code, reason) => {
      closed.push(`${reason} after ${String(Math.round(time.nowMs / 100) / 10)} s`)
    },
  })
  follow(session)
  while (time.step(20_000) && closed.length === 0);
  // The last lease came at 2.5 s.
  assert.deepEqual(closed, ['the node grants no lease after 8.5 s'])
})
