import assert from 'node:assert/strict'
import { KEY_MARGIN_MS, MIN_REMEMBERED_MS } from '../../domain/access-horizon.ts'
import type { Check } from './check.ts'
import { assertChain } from './log.ts'
import { planAll } from './delivery-samples.ts'
import {
  client,
  now,
  openWithToken,
  refuses,
  revocation,
  rotation,
  session,
  signingKey,
  subject,
  ticket,
  times,
  wholeStream,
} from './samples.ts'

const halfYear = 184 * 86_400_000

export const maintenanceChecks: readonly Check[] = [
  {
    name: 'ready: resolves while the store can commit',
    async run({ store }) {
      await Promise.all(times(20, () => store.ready()))
    },
  },
  {
    name: 'sweep: removes what has expired, and that alone',
    async run({ store }) {
      const past = { expiresAtMs: now - 1 }
      // Nothing has been issued yet.
      const longAgo = now - KEY_MARGIN_MS - 1
      await store.rotateKeys(signingKey(), longAgo, false)
      await store.rotateKeys(signingKey(), longAgo, false)
      const kept = await openWithToken(store, { expiresAtMs: now }, { expiresAtMs: now })
      const gone = await openWithToken(store, past, past)
      await store.putTicket(ticket({ key: 'kept', expiresAtMs: now }))
      await store.putTicket(ticket({ key: 'gone', ...past }))
      await store.revoke(revocation({ atMs: now - 48 * MIN_REMEMBERED_MS }))
      await planAll(store)
      const swept = await store.sweep(now, 100)
      const one = {
        sessions: 1,
        refreshTokens: 1,
        tickets: 1,
        keys: 1,
        deliveries: 0,
        foreignSessions: 0,
      }
      assert.deepEqual(swept, one)
      const nothing = {
        sessions: 0,
        refreshTokens: 0,
        tickets: 0,
        keys: 0,
        deliveries: 0,
        foreignSessions: 0,
      }
      assert.deepEqual(await store.sweep(now, 100), nothing)
      assert.equal(await store.findSession(gone.sid), undefined)
      assert.equal(await store.findRefreshToken(gone.token.id, gone.token.secretHash), undefined)
      assert.equal(await store.findTicket('otp', 'gone'), undefined)
      assert.ok(await store.findTicket('otp', 'kept'))
      assert.equal((await store.listKeys()).length, 1)
      assert.equal((await store.rotate(rotation(kept.token))).kind, 'rotated')
      await assertChain(store, 1)
    },
  },
  {
    name: 'sweep: at most the limit of each kind at once',
    async run({ store }) {
      const past = { expiresAtMs: now - 1 }
      for (let count = 0; count < 5; count += 1) {
        await openWithToken(store, past, past)
        await store.putTicket(ticket(past))
      }
      const removed: number[] = []
      for (let turn = 0; turn < 4; turn += 1) {
        const { sessions, refreshTokens, tickets } = await store.sweep(now, 2)
        assert.equal(sessions, refreshTokens)
        assert.equal(sessions, tickets)
        removed.push(sessions)
      }
      assert.deepEqual(removed, [2, 2, 1, 0])
    },
  },
  {
    name: 'sweep: what was logged out stays logged out for as long as it could be refreshed',
    async run({ store }) {
      const long = { expiresAtMs: now + halfYear }
      const ended = await openWithToken(store, long, long)
      const wide = await openWithToken(store, { ...long, subjectId: 'ben' }, long)
      const used = await openWithToken(store, long, long)
      await store.revoke(revocation({ key: ended.sid }))
      await store.revoke(revocation({ scope: 'subject', key: 'ben' }))
      await store.rotate(rotation(used.token, { graceMs: 1000 }))
      const later = now + halfYear - 1
      await store.sweep(later, 100)
      const rotate = async (token: typeof ended.token, nowMs = later) =>
        (await store.rotate(rotation(token, { nowMs, graceMs: 1000 }))).kind
      assert.equal(await rotate(ended.token), 'revoked')
      assert.equal(await rotate(wide.token), 'revoked')
      assert.equal(await rotate(used.token, now + 1000), 'reused', 'reuse is still noticed')
      assert.equal((await store.revoke(revocation({ key: ended.sid }))).added, false)
      await refuses(store.openSession(session({ sid: ended.sid })), 'conflict', 'token_revoked')
    },
  },
  {
    name: 'close: finishes what was accepted, then refuses',
    async run(subjectUnderTest) {
      const { store } = subjectUnderTest
      const accepted = Promise.allSettled(times(200, () => store.revoke(revocation())))
      const reopened = await subjectUnderTest.reopen()
      const ids = (await accepted).map((outcome) => {
        assert.ok(outcome.status === 'fulfilled', 'what was accepted is finished')
        return outcome.value.revocation.id
      })
      assert.deepEqual(
        (await wholeStream(reopened)).map(({ id }) => id),
        ids,
      )
      await store.close()
      await refuses(store.revoke(revocation()), 'store_unavailable')
      await refuses(store.ready(), 'store_unavailable')
      await refuses(store.head(), 'store_unavailable')
      await refuses(store.countSessions({}), 'store_unavailable')
    },
  },
  {
    name: 'durable: everything that was resolved is there after opening again',
    async run(subjectUnderTest) {
      const { store } = subjectUnderTest
      const { sid, token } = await openWithToken(store, { deviceKey: 'phone' })
      const successor = rotation(token, { graceMs: 1000 })
      await store.rotate(successor)
      for (let turn = 0; turn < 3; turn += 1) {
        await store.revoke(revocation({ scope: 'subject', key: 'ben' }))
        await store.revoke(revocation())
      }
      await store.createSubject(subject({ id: 'maria', username: 'm' }))
      await store.createClient(client({ id: 'web' }))
      await store.putTicket(ticket({ key: 'k' }))
      await store.countAttempt('otp', 'k')
      await store.rotateKeys(signingKey(), now, false)
      const look = async (from: typeof store) => ({
        stream: from.stream,
        head: await from.head(),
        entries: await wholeStream(from),
        session: await from.findSession(sid),
        token: await from.findRefreshToken(token.id, token.secretHash),
        generations: await from.generations({
          subjectId: 'ben',
          clientId: 'web',
          deviceKey: 'phone',
        }),
        subject: await from.findSubject({ by: 'username', value: 'm' }),
        client: await from.findClient({ by: 'id', value: 'web' }),
        ticket: await from.findTicket('otp', 'k'),
        keys: await from.listKeys(),
      })
      const before = await look(store)
      const reopened = await subjectUnderTest.reopen()
      assert.deepEqual(await look(reopened), before)
      assert.equal((await reopened.rotate(successor)).kind, 'replayed')
      const next = await reopened.revoke(revocation({ scope: 'subject', key: 'ben' }))
      assert.equal(next.revocation.generation, 4)
      await assertChain(reopened, 7)
    },
  },
]
