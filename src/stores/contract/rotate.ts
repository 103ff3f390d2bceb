import assert from 'node:assert/strict'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { mintId, now, openWithToken, refreshToken, revocation, rotation, times } from './samples.ts'
import { counters } from './sessions.ts'

async function rotates(store: Store, ...arguments_: Parameters<typeof rotation>): Promise<string> {
  return (await store.rotate(rotation(...arguments_))).kind
}

export const rotateChecks: readonly Check[] = [
  {
    name: 'rotate: the successor takes over, again and again',
    async run({ store }) {
      const opened = await openWithToken(store)
      let { token } = opened
      for (let turn = 0; turn < 5; turn += 1) {
        const successor = refreshToken()
        assert.deepEqual(await store.rotate(rotation(token, { successor })), { kind: 'rotated' })
        assert.equal(await rotates(store, token), 'reused')
        const found = await store.findRefreshToken(successor.id, successor.secretHash)
        assert.equal(found?.session.sid, opened.sid)
        assert.equal(found?.expiresAtMs, successor.expiresAtMs)
        token = successor
      }
    },
  },
  {
    name: 'rotate: without a successor the token is used up',
    async run({ store }) {
      const { token } = await openWithToken(store)
      assert.equal(await rotates(store, token, { successor: undefined }), 'rotated')
      assert.equal(await rotates(store, token, { successor: undefined }), 'reused')
    },
  },
  {
    name: 'rotate: a wrong id or secret is unknown and uses nothing up',
    async run({ store }) {
      const { token } = await openWithToken(store)
      assert.equal(await rotates(store, { ...token, secretHash: 'guessed' }), 'unknown')
      assert.equal(await rotates(store, { ...token, id: mintId() }), 'unknown')
      assert.equal(await rotates(store, token), 'rotated')
    },
  },
  {
    name: 'rotate: a token is good up to the last moment of itself and of its session',
    async run({ store }) {
      const ends = now + 1000
      const byToken = await openWithToken(store, {}, { expiresAtMs: ends })
      assert.equal(await rotates(store, byToken.token, { nowMs: ends + 1 }), 'expired')
      assert.equal(await rotates(store, byToken.token, { nowMs: ends }), 'rotated')
      const bySession = await openWithToken(store, { expiresAtMs: ends })
      assert.equal(await rotates(store, bySession.token, { nowMs: ends + 1 }), 'expired')
      assert.equal(await rotates(store, bySession.token, { nowMs: ends }), 'rotated')
    },
  },
  {
    name: 'rotate: refused once the session has ended, by its name',
    async run({ store }) {
      const { sid, token } = await openWithToken(store)
      const other = await openWithToken(store)
      await store.revoke(revocation({ key: sid }))
      const successor = refreshToken()
      assert.equal(await rotates(store, token, { successor }), 'revoked')
      assert.equal(await store.findRefreshToken(successor.id, successor.secretHash), undefined)
      assert.equal(await rotates(store, other.token), 'rotated')
    },
  },
  {
    name: 'rotate: refused once any counter of the session was raised, and only then',
    async run({ store }) {
      for (const [scope, key] of counters) {
        const { token } = await openWithToken(store, { deviceKey: 'phone' })
        const bystander = await openWithToken(store, {
          subjectId: 'ben',
          clientId: 'tv app',
          deviceKey: 'tv',
        })
        await store.revoke(revocation({ scope, key }))
        assert.equal(await rotates(store, token), 'revoked', scope)
        const expected = scope === 'everyone' ? 'revoked' : 'rotated'
        assert.equal(await rotates(store, bystander.token), expected, scope)
        const again = await openWithToken(store, { deviceKey: 'phone' })
        assert.equal(await rotates(store, again.token), 'rotated', `after ${scope}`)
      }
    },
  },
  {
    name: 'rotate: a session without a device does not end with a device',
    async run({ store }) {
      const { token } = await openWithToken(store)
      await store.revoke(revocation({ scope: 'device', key: 'phone' }))
      await store.revoke(revocation({ scope: 'device', key: '' }))
      assert.equal(await rotates(store, token), 'rotated')
    },
  },
  {
    name: 'rotate: ended comes before expired, and both before used',
    async run({ store }) {
      const { sid, token } = await openWithToken(store, {}, { expiresAtMs: now + 10 })
      const answer = { graceMs: 60_000 }
      assert.equal(await rotates(store, token, answer), 'rotated')
      assert.equal(await rotates(store, token, { ...answer, nowMs: now + 11 }), 'expired')
      await store.revoke(revocation({ key: sid }))
      assert.equal(await rotates(store, token, answer), 'revoked')
      assert.equal(await rotates(store, token, { ...answer, nowMs: now + 11 }), 'revoked')
    },
  },
  {
    name: 'rotate: within its grace the same token gets the first answer, and nothing new',
    async run({ store }) {
      const { token } = await openWithToken(store)
      const sealedAnswer = Uint8Array.from(times(100_000, (index) => index % 256))
      const first = rotation(token, { graceMs: 1000, sealedAnswer })
      assert.equal((await store.rotate(first)).kind, 'rotated')
      for (const nowMs of [now, now + 999]) {
        const successor = refreshToken()
        const retry = rotation(token, { graceMs: 1000, nowMs, successor })
        const outcome = await store.rotate(retry)
        assert.ok(outcome.kind === 'replayed', outcome.kind)
        assert.ok(Buffer.compare(outcome.sealedAnswer, sealedAnswer) === 0, 'another answer')
        assert.equal(await store.findRefreshToken(successor.id, successor.secretHash), undefined)
      }
      assert.equal(await rotates(store, token, { graceMs: 1000, nowMs: now + 1000 }), 'reused')
      assert.equal(await rotates(store, token, { graceMs: 0 }), 'reused')
      assert.ok(first.successor)
      assert.equal(await rotates(store, first.successor), 'rotated', 'the one successor')
    },
  },
  {
    name: 'rotate: an empty answer is handed out again like any other',
    async run({ store }) {
      const { token } = await openWithToken(store)
      const empty = rotation(token, { graceMs: 1000, sealedAnswer: new Uint8Array() })
      await store.rotate(empty)
      const outcome = await store.rotate(empty)
      assert.ok(outcome.kind === 'replayed', outcome.kind)
      assert.equal(outcome.sealedAnswer.length, 0)
    },
  },
  {
    name: 'rotate: without a grace nothing is handed out again, later grace or not',
    async run({ store }) {
      const { token } = await openWithToken(store)
      assert.equal(await rotates(store, token, { graceMs: 0 }), 'rotated')
      assert.equal(await rotates(store, token, { graceMs: 60_000 }), 'reused')
    },
  },
  {
    name: 'rotate: of 50 callers with one token exactly one rotates',
    async run({ store }) {
      for (const graceMs of [0, 10_000]) {
        const { token } = await openWithToken(store)
        const kinds = await Promise.all(times(50, () => rotates(store, token, { graceMs })))
        const others = kinds.filter((kind) => kind !== 'rotated')
        assert.equal(others.length, 49)
        const expected = graceMs === 0 ? 'reused' : 'replayed'
        assert.ok(
          others.every((kind) => kind === expected),
          others.join(),
        )
      }
    },
  },
]
