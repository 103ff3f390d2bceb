/** What the checks of deliveries are made of. */
import assert from 'node:assert/strict'
import type { Delivery, OwedDelivery } from '../../domain/delivery.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import type { ClaimCommand, SettleCommand } from '../../ports/delivery.ts'
import type { OpenSessionCommand, RevokeOutcome, Store } from '../../ports/store.ts'
import { mintId, now, revocation, session, times } from './samples.ts'

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

/** A login whose end has to be delivered. */
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

/** Plans everything in steps of so many and returns what ended, in order: sessions by default. */
export async function planAll(
  store: Store,
  limit = 100,
  nameOf: (session: Session) => string = ({ sid }) => sid,
): Promise<readonly string[]> {
  const names: string[] = []
  for (let step = 0; ; step += 1) {
    assert.ok(step < 10_000, 'planning does not end')
    const ends = await store.readEnds({
      stream: undefined,
      dialects: ['tv', 'cable'],
      issuers: [],
      limit,
    })
    if (ends === undefined) return names
    assert.ok(ends.ended.length <= 2 * limit, 'a step is longer than its limit')
    assert.ok(await store.planDeliveries({ ...ends, owed: [] }), 'no other node plans')
    names.push(...ends.ended.map((ended) => nameOf(ended.session)))
  }
}

/**
 * Logs in at every node while all sessions of the subject are ended there and the first node plans.
 * Each session must be planned exactly once, whether it ever lived or was dead on arrival.
 */
export async function planInStorm(nodes: readonly [Store, ...Store[]]): Promise<void> {
  const opened: Session[] = []
  const planned: string[] = []
  let raised = 0
  let busy = true
  const planning = (async () => {
    while (busy) {
      planned.push(...(await planAll(nodes[0])))
      await new Promise(setImmediate)
    }
  })()
  const logIn = async (node: Store): Promise<void> => {
    opened.push(await node.openSession(session({ dialect: 'tv' })))
  }
  const storm = async (node: Store): Promise<void> => {
    for (let turn = 0; turn < 40; turn += 1) {
      const logins = times(5, () => logIn(node))
      if (turn % 2 === 0) {
        await end(node, 'subject', 'maria')
        raised += 1
      }
      await Promise.all(logins)
    }
  }
  await Promise.all(nodes.map(storm))
  busy = false
  await planning
  planned.push(...(await planAll(nodes[0])))
  const dead = opened.filter(({ generations }) => generations.subject < raised)
  const found = new Set(planned)
  const missed = dead.filter(({ sid }) => !found.has(sid))
  assert.equal(missed.length, 0, 'each that is dead')
  assert.equal(found.size, planned.length, 'each once')
  assert.equal(found.size, dead.length, 'none that lives')
}

/** Stores what is owed, on the occasion of an entry. */
export async function owe(store: Store, ...deliveries: readonly OwedDelivery[]): Promise<void> {
  await end(store, 'session', mintId())
  const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit: 100 })
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
  const failedAtMs = values.lastError === undefined ? undefined : now
  return store.settleDelivery({ id, ...rest, lastError: undefined, failedAtMs, ...values })
}
