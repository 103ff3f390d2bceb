/** What the checks of deliveries are made of. */
import assert from 'node:assert/strict'
import type { Delivery, OwedDelivery } from '../../domain/delivery.ts'
import type { Scope } from '../../domain/scope.ts'
import type { ClaimCommand, SettleCommand } from '../../ports/delivery.ts'
import type { OpenSessionCommand, RevokeOutcome, Store } from '../../ports/store.ts'
import { mintId, now, revocation, session } from './samples.ts'

export function owed(values: Partial<OwedDelivery> = {}): OwedDelivery {
  const id = mintId()
  return {
    id,
    receiver: 'mvpd:one',
    subject: `viewer of ${id}`,
    revocationId: mintId(),
    facts: { userId: 'maria', half: '\ud800', zero: '\0' },
    createdAtMs: now,
    ...values,
  }
}

/** A login that somebody outside wants to know the end of. */
export async function login(
  store: Store,
  values: Partial<OpenSessionCommand> = {},
): Promise<string> {
  return (await store.openSession(session({ dialect: 'tv', deviceKey: 'box', ...values }))).sid
}

export function end(
  store: Store,
  scope: Scope,
  key: string,
  atMs: number = now,
): Promise<RevokeOutcome> {
  return store.revoke(revocation({ scope, key, atMs }))
}

/** Plans everything in steps of so many and returns the sessions that ended, in order. */
export async function planAll(store: Store, limit = 100): Promise<readonly string[]> {
  const sids: string[] = []
  for (let step = 0; ; step += 1) {
    assert.ok(step < 10_000, 'planning does not end')
    const ends = await store.readEnds({ stream: undefined, dialects: ['tv', 'cable'], limit })
    if (ends === undefined) return sids
    assert.ok(ends.ended.length <= 2 * limit, 'a step is longer than its limit')
    assert.ok(await store.planDeliveries({ ...ends, owed: [] }), 'nobody else plans')
    sids.push(...ends.ended.map((ended) => ended.session.sid))
  }
}

/** Stores what is owed, on the occasion of an entry. */
export async function owe(store: Store, ...deliveries: readonly OwedDelivery[]): Promise<void> {
  await end(store, 'session', mintId())
  const ends = await store.readEnds({ stream: undefined, dialects: [], limit: 100 })
  assert.ok(ends)
  assert.ok(await store.planDeliveries({ ...ends, owed: deliveries }))
}

export function claim(
  store: Store,
  values: Partial<ClaimCommand> = {},
): Promise<readonly Delivery[]> {
  const nowMs = values.nowMs ?? now
  return store.claimDeliveries({
    receiver: 'mvpd:one',
    claimedBy: 'a',
    leaseMs: 30_000,
    limit: 100,
    ...values,
    nowMs,
  })
}

export function settle(
  store: Store,
  id: string,
  values: Partial<SettleCommand> = {},
): Promise<boolean> {
  const rest = { claimedBy: 'a', state: 'delivered', attempts: 1, atMs: now } as const
  return store.settleDelivery({ id, ...rest, lastError: undefined, ...values })
}
