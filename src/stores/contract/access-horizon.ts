import assert from 'node:assert/strict'
import { firstAccess } from '../../domain/access-horizon.ts'
import { EVERYONE, type Scope } from '../../domain/scope.ts'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import {
  mintId,
  now,
  openWithToken,
  revocation,
  rotation,
  session,
  signingKey,
  times,
} from './samples.ts'
import { counters } from './sessions.ts'

const hour = 3_600_000
const day = 24 * hour
const month = 30 * day

/** Ends something anew, by a clock that is far behind; until when the entry is remembered. */
async function rememberedUntil(
  store: Store,
  scope: Scope,
  key: string,
  atMs = now - 10 * day,
): Promise<number> {
  const { revocation: entry, added } = await store.revoke(revocation({ scope, key, atMs }))
  assert.ok(added)
  return entry.forgetAfterMs
}

/** The longest of the lives, in every scope that could end its tokens. */
async function assertRemembered(store: Store, untilMs: number): Promise<void> {
  const scopes: readonly (readonly [Scope, string])[] = [
    ['token', mintId()],
    ['session', mintId()],
    ...counters,
  ]
  for (const [scope, key] of scopes) {
    const remembered = await rememberedUntil(store, scope, key)
    assert.ok(
      remembered >= untilMs,
      `${scope} is forgotten ${String(untilMs - remembered)} ms early`,
    )
  }
}

const long = { accessLifetimeMs: month, expiresAtMs: now + 12 * month }

export const accessHorizonChecks: readonly Check[] = [
  {
    name: 'revoke: is remembered until the last token has expired, whatever life it was given',
    async run({ store }) {
      for (const accessLifetimeMs of [1, 60_000, hour, 10 * day, month, 7 * month]) {
        const opened = await store.openSession(
          session({ accessLifetimeMs, expiresAtMs: now + 12 * month, deviceKey: 'phone' }),
        )
        const { expiresAtMs } = firstAccess(opened)
        assert.ok((await rememberedUntil(store, 'session', opened.sid)) >= expiresAtMs)
        await assertRemembered(store, expiresAtMs)
        assert.ok((await store.lastAccessExpiryMs()) >= expiresAtMs)
      }
    },
  },
  {
    name: 'revoke: the end of everyone is remembered for ever, also where nothing was issued',
    async run({ store }) {
      const untilMs = await rememberedUntil(store, 'everyone', EVERYONE)
      assert.ok(untilMs > now + 600 * month)
      let found = 0
      for await (const entries of store.liveRevocations(now + 600 * month)) found += entries.length
      assert.equal(found, 1)
    },
  },
  {
    name: 'revoke: a short session is not remembered for as long as the longest',
    async run({ store }) {
      await store.openSession(session(long))
      const { sid } = await store.openSession(session())
      assert.ok((await rememberedUntil(store, 'session', sid, now)) <= now + 3 * hour)
    },
  },
  {
    name: 'revoke: what was issued by a clock that is ahead is remembered as long',
    async run({ store }) {
      const createdAtMs = now + 400 * day
      await store.openSession(session({ createdAtMs, expiresAtMs: createdAtMs + 2 * day }))
      await assertRemembered(store, createdAtMs + hour)
    },
  },
  {
    name: 'rotate: a later token of the session is remembered too, a replayed one as well',
    async run({ store }) {
      const { token, sid } = await openWithToken(store, long, { expiresAtMs: now + 12 * month })
      const rotate = (nowMs: number) =>
        store.rotate(
          rotation(token, {
            nowMs,
            graceMs: 12 * month,
            successor: undefined,
            access: { lifetimeMs: month, expiresAtMs: nowMs + month },
          }),
        )
      assert.equal((await rotate(now + 2 * month)).kind, 'rotated')
      await assertRemembered(store, now + 3 * month)
      const again = await openWithToken(store, long, { expiresAtMs: now + 12 * month })
      assert.equal(
        (await store.rotate(rotation(again.token, { graceMs: 12 * month }))).kind,
        'rotated',
      )
      const replay = rotation(again.token, {
        nowMs: now + 1000,
        graceMs: 12 * month,
        access: { lifetimeMs: month, expiresAtMs: now + 6 * month },
      })
      assert.equal((await store.rotate(replay)).kind, 'replayed')
      assert.ok((await rememberedUntil(store, 'session', sid)) >= now + 6 * month)
      await assertRemembered(store, now + 6 * month)
    },
  },
  {
    name: 'extendAccess: one more token is remembered, and none is had for what has ended',
    async run({ store }) {
      const extend = (sid: string, expiresAtMs: number) =>
        store.extendAccess({ sid, participantId: '', lifetimeMs: hour, expiresAtMs })
      assert.equal(await extend(mintId(), now), false, 'this session is unknown')
      const { sid } = await store.openSession(session({ deviceKey: 'phone' }))
      assert.equal(await extend(sid, now + 20 * hour), true)
      assert.ok((await rememberedUntil(store, 'session', sid)) >= now + 20 * hour)
      assert.equal(await extend(sid, now + 20 * hour), false)
      for (const [scope, key] of counters) {
        const opened = await store.openSession(session({ deviceKey: 'phone' }))
        await store.revoke(revocation({ scope, key }))
        assert.equal(await extend(opened.sid, now + hour), false, scope)
      }
      await assertRemembered(store, now + 20 * hour)
    },
  },
  {
    name: 'durable: how long tokens live is known after opening again',
    async run(subjectUnderTest) {
      const { store } = subjectUnderTest
      await store.openSession(session(long))
      const before = await store.lastAccessExpiryMs()
      const reopened = await subjectUnderTest.reopen()
      assert.equal(await reopened.lastAccessExpiryMs(), before)
      await assertRemembered(reopened, now + month)
    },
  },
  {
    name: 'rewriteKey: another text for a key that is there, and nothing else of it',
    async run({ store }) {
      const [one, two] = [signingKey(), signingKey()]
      await store.rotateKeys(one, now, false)
      await store.rotateKeys(two, now, false)
      const before = await store.listKeys()
      assert.equal(await store.rewriteKey(one.kid, 'another text'), true)
      assert.equal(await store.rewriteKey('no such key', 'another text'), false)
      assert.deepEqual(
        await store.listKeys(),
        before.map((key) => (key.kid === one.kid ? { ...key, privateJwk: 'another text' } : key)),
      )
    },
  },
  {
    name: 'rotateKeys: a retired key stays until the last token that it can have signed has expired',
    async run({ store }) {
      await store.rotateKeys(signingKey(), now, false)
      await store.openSession(session(long))
      await store.rotateKeys(signingKey(), now - 10 * day, false)
      const removeAfterMs = (await store.listKeys())[1]?.removeAfterMs ?? 0
      assert.ok(removeAfterMs >= now + month)
      assert.equal((await store.sweep(now + month, 100)).keys, 0)
    },
  },
  {
    name: 'race: a longer life than ever and a logout of all: no token outlives what ended it',
    async run({ store }) {
      for (let round = 1; round <= 15; round += 1) {
        const accessLifetimeMs = 1000 * 2 ** round
        const open = () =>
          store.openSession(session({ accessLifetimeMs, expiresAtMs: now + 12 * month }))
        const end = (scope: Scope, key: string) =>
          store.revoke(revocation({ scope, key, atMs: now - 10 * day }))
        const work = times(6, (turn) => async () => {
          if (turn % 2 === round % 2) return { opened: await open() }
          return { ended: (await end(...endings[round % endings.length]!)).revocation }
        })
        const outcomes = await Promise.all(work.map((one) => one()))
        const opened = outcomes.flatMap((one) => one.opened ?? [])
        for (const { generation, forgetAfterMs, scope } of outcomes.flatMap(
          (one) => one.ended ?? [],
        )) {
          const old = opened.filter(
            ({ generations }) => generations[scope as 'subject'] < generation,
          )
          for (const dead of old) assert.ok(forgetAfterMs >= firstAccess(dead).expiresAtMs)
        }
      }
    },
  },
]

const endings: readonly (readonly [Scope, string])[] = [
  ['subject', 'maria'],
  ['client', 'web'],
  ['everyone', EVERYONE],
]
