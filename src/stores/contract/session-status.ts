import assert from 'node:assert/strict'
import { PARTICIPANTS_SHOWN, type Session } from '../../domain/session.ts'
import type { RefreshTokenRecord } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { joining, mintId, now, refreshToken, revocation, rotation, session } from './samples.ts'

export const sessionStatusChecks: readonly Check[] = [
  {
    name: 'findSessionStatus: what a list says of that session, and nothing of others',
    async run({ store }) {
      const isAsListed = async ({ sid }: Session, nowMs = now) => {
        const { items } = await store.listSessions({ sid }, nowMs, { limit: 2, cursor: undefined })
        const status = await store.findSessionStatus(sid, nowMs)
        assert.deepEqual([status], items)
        return status?.state
      }
      const opened = await store.openSession(session({ expiresAtMs: now + 1 }))
      const other = await store.openSession(session({ subjectId: 'joão' }))
      assert.equal(await isAsListed(opened), 'live')
      assert.equal(await isAsListed(opened, now + 2), 'expired')
      for (let number = 0; number < PARTICIPANTS_SHOWN + 1; number += 1) {
        await store.joinSession(joining(opened, { clientId: `c${String(number)}` }))
      }
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      await store.revoke(revocation({ scope: 'client', key: 'c7' }))
      assert.equal(await isAsListed(opened), 'live', 'others are still in it')
      await store.revoke(revocation({ key: opened.sid }))
      assert.equal(await isAsListed(opened), 'revoked')
      assert.equal((await store.findSessionStatus(other.sid, now))?.session.sid, other.sid)
      assert.equal(await store.findSessionStatus(mintId(), now), undefined)
    },
  },
  {
    name: 'findSessionStatus: last seen when a client came in or refreshed its token',
    async run({ store }) {
      const first = refreshToken()
      const opened = await store.openSession(session({ refreshToken: first }))
      const lastSeen = async () => {
        const status = await store.findSessionStatus(opened.sid, now)
        return status && status.lastSeenAtMs - now
      }
      assert.equal(await lastSeen(), 0)
      await store.joinSession(joining(opened, { joinedAtMs: now + 5 }))
      assert.equal(await lastSeen(), 5)
      const rotate = (token: RefreshTokenRecord, atMs: number, successor?: RefreshTokenRecord) =>
        store.rotate(rotation(token, { nowMs: now + atMs, successor }))
      const long = { expiresAtMs: first.expiresAtMs + 30 }
      const second = refreshToken(long, now + 30)
      await rotate(first, 30, second)
      assert.equal(await lastSeen(), 30)
      assert.deepEqual(await rotate(first, 40, refreshToken(long)), { kind: 'reused' })
      assert.equal(await lastSeen(), 30, 'a refused refresh says nothing of its owner')
      await store.sweep(first.expiresAtMs + 1, 100)
      assert.equal(await lastSeen(), 30, 'also once the token is gone that was used')
      await rotate(second, 70)
      assert.equal(await lastSeen(), 70, 'also where nothing follows')
    },
  },
  {
    name: 'findDeviceSession: as the first participant has it that has not ended',
    async run({ store }) {
      const opened = await store.openSession(session({ deviceKey: 'phone' }))
      const app = await store.joinSession(joining(opened))
      await store.joinSession(joining(opened, { clientId: 'shop' }))
      assert.deepEqual(await store.findDeviceSession('phone', now), opened)
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      assert.deepEqual(await store.findDeviceSession('phone', now), app)
    },
  },
]
