/** Entries about the tokens of other issuers: they end there, and nothing here. */
import assert from 'node:assert/strict'
import { generationsFrom } from '../../domain/generation.ts'
import { EVERYONE, scopeRow, scopes } from '../../domain/scope.ts'
import type { Revocation, RevocationCommand } from '../../domain/revocation.ts'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { assertChain } from './log.ts'
import { mintId, now, openWithToken, refuses, revocation, rotation, times } from './samples.ts'

const issuer = 'https://idp.example'
const other = 'https://idp.example/'
const second = now / 1000

function cutoff(command: Partial<RevocationCommand> = {}): RevocationCommand {
  const key = 'maria'
  return revocation({ scope: 'subject', issuer, key, cutoffSeconds: second, ...command })
}

async function live(store: Store, nowMs: number): Promise<readonly Revocation[]> {
  const found: Revocation[] = []
  for await (const entries of store.liveRevocations(nowMs)) found.push(...entries)
  return found
}

export const foreignChecks: readonly Check[] = [
  {
    name: 'foreign: an entry says whose tokens it ends, and up to when',
    async run(subject) {
      const { store } = subject
      const { revocation: entry, added } = await store.revoke(cutoff())
      assert.equal(added, true)
      const { issuer: of, cutoffSeconds, generation } = entry
      assert.deepEqual(
        { of, cutoffSeconds, generation },
        { of: issuer, cutoffSeconds: second, generation: 0 },
      )
      assert.deepEqual(await store.findRevocation(entry.id), entry)
      assert.deepEqual(await store.readStream(store.stream, 0, 10), [entry])
      const again = await subject.reopen()
      assert.deepEqual(await again.findRevocation(entry.id), entry)
      await assertChain(again, 1)
    },
  },
  {
    name: 'foreign: what is narrow ends once for each issuer',
    async run({ store }) {
      const key = mintId()
      for (const scope of ['token', 'session'] as const) {
        for (const whose of [issuer, other, '']) {
          const first = await store.revoke(revocation({ scope, issuer: whose, key }))
          assert.equal(first.added, true, `${scope} of "${whose}"`)
          const again = await store.revoke(revocation({ scope, issuer: whose, key }))
          assert.deepEqual(again, { ...first, added: false })
        }
      }
      await assertChain(store, 6)
    },
  },
  {
    name: 'foreign: a cut-off goes forward, and one that is not later adds nothing',
    async run({ store }) {
      const first = await store.revoke(cutoff())
      assert.deepEqual(await store.revoke(cutoff()), { ...first, added: false })
      const earlier = await store.revoke(cutoff({ cutoffSeconds: second - 1 }))
      assert.deepEqual(earlier, { ...first, added: false })
      const later = await store.revoke(cutoff({ cutoffSeconds: second + 1 }))
      assert.equal(later.added, true)
      assert.equal((await store.revoke(cutoff({ issuer: other }))).added, true)
      await assertChain(store, 3)
    },
  },
  {
    name: 'foreign: 100 cut-offs at once of the same second add one entry',
    async run({ store }) {
      const outcomes = await Promise.all(times(100, () => store.revoke(cutoff())))
      assert.equal(outcomes.filter(({ added }) => added).length, 1)
      const mixed = await Promise.all(
        times(40, (index) =>
          store.revoke(
            index % 2 === 0 ? cutoff({ key: 'ann' }) : revocation({ scope: 'subject', key: 'ann' }),
          ),
        ),
      )
      assert.equal(mixed.filter(({ added }) => added).length, 21)
      await assertChain(store, 22)
    },
  },
  {
    name: 'foreign: nothing of ours ends, whatever it is called',
    async run({ store }) {
      const opened = await openWithToken(store, { deviceKey: 'phone' })
      const mine = { sid: opened.sid, subjectId: 'maria', clientId: 'web' }
      const keys = { jti: mintId(), sid: opened.sid, sub: 'maria', client_id: 'web' }
      for (const scope of scopes) {
        const { foreign, key: claims } = scopeRow(scope)
        if (foreign === 'none') continue
        const named = claims.map((claim) => keys[claim as keyof typeof keys])
        const key = claims.length === 0 ? EVERYONE : named.join(' ')
        const until = foreign === 'cutoff' ? { cutoffSeconds: second + 1 } : {}
        assert.equal((await store.revoke(revocation({ scope, issuer, key, ...until }))).added, true)
      }
      const zero = generationsFrom(() => 0)
      assert.deepEqual(await store.generations({ ...mine, deviceKey: 'phone' }), zero)
      const page = { limit: 10, cursor: undefined }
      const { items } = await store.listSessions({}, now, page)
      assert.deepEqual(
        items.map(({ state }) => state),
        ['live'],
      )
      assert.ok(await store.findDeviceSession('phone', now))
      const life = { participantId: '', lifetimeMs: 3_600_000, expiresAtMs: now + 3_600_000 }
      assert.equal(await store.extendAccess({ sid: opened.sid, ...life }), true)
      assert.equal((await store.rotate(rotation(opened.token))).kind, 'rotated')
      // Nor is a session of that name refused, which another issuer has ended.
      const sid = mintId()
      await store.revoke(revocation({ scope: 'session', issuer, key: sid }))
      await openWithToken(store, { sid })
      const ends = await store.readEnds({
        stream: undefined,
        dialects: ['oauth'],
        issuers: [],
        limit: 100,
      })
      assert.deepEqual(ends?.ended, [])
    },
  },
  {
    name: 'foreign: what ended is planned once, in order, for the issuers that are asked for',
    async run({ store }) {
      const ends = [
        await store.revoke(cutoff()),
        await store.revoke(revocation({ scope: 'subject', key: 'maria' })),
        await store.revoke(cutoff({ issuer: other })),
        await store.revoke(revocation({ scope: 'session', issuer, key: 's' })),
        await store.revoke(revocation({ scope: 'token', issuer: other, key: 't' })),
      ]
      const wanted = [0, 3].map((at) => ends[at]?.revocation)
      const found: Revocation[] = []
      for (let step = 0; ; step += 1) {
        assert.ok(step <= ends.length, 'planning does not end')
        const asked = { stream: undefined, dialects: ['tv'], issuers: [issuer], limit: 2 }
        const next = await store.readEnds(asked)
        if (next === undefined) break
        found.push(...next.foreign)
        assert.ok(await store.planDeliveries({ ...next, owed: [] }))
      }
      assert.deepEqual(found, wanted)
    },
  },
  {
    name: 'foreign: lists are by issuer where one is asked for',
    async run({ store }) {
      await store.revoke(revocation({ scope: 'subject', key: 'maria' }))
      await store.revoke(cutoff())
      await store.revoke(cutoff({ issuer: other }))
      const page = { limit: 10, cursor: undefined }
      const of = async (filter: Parameters<Store['listRevocations']>[0]) =>
        (await store.listRevocations(filter, page)).items.map((entry) => entry.issuer)
      assert.deepEqual(await of({}), [other, issuer, ''])
      assert.deepEqual(await of({ issuer }), [issuer])
      assert.deepEqual(await of({ issuer: '', key: 'maria' }), [''])
      assert.deepEqual(await of({ issuer: other, key: 'maria', scope: 'subject' }), [other])
      assert.deepEqual(await of({ issuer: 'https://nobody.example' }), [])
    },
  },
  {
    name: 'foreign: verifiers are told until the tokens have expired, or for ever',
    async run({ store }) {
      const until = now + 7_200_000
      const bounded = await store.revoke(cutoff({ foreignForgetAfterMs: until }))
      const unknown = await store.revoke(revocation({ scope: 'session', issuer }))
      assert.equal(bounded.revocation.forgetAfterMs, until)
      assert.ok(unknown.revocation.forgetAfterMs > now + 10 * 365 * 86_400_000)
      const ids = async (nowMs: number) => (await live(store, nowMs)).map(({ id }) => id).toSorted()
      const both = [bounded.revocation.id, unknown.revocation.id].toSorted()
      assert.deepEqual(await ids(until), both)
      assert.deepEqual(await ids(until + 1), [unknown.revocation.id])
    },
  },
  {
    name: 'foreign: what cannot be had is refused',
    async run({ store }) {
      const wrong: readonly Partial<RevocationCommand>[] = [
        { scope: 'device', issuer, key: 'tv' },
        { scope: 'signing_key', issuer, key: 'k' },
        { scope: 'subject', issuer, key: 'maria' },
        { scope: 'subject', issuer, key: 'maria', cutoffSeconds: 0 },
        { scope: 'subject', issuer, key: 'maria', cutoffSeconds: 1.5 },
        { scope: 'subject', issuer, key: 'maria', cutoffSeconds: 2 ** 32 },
        { scope: 'session', issuer, key: 's', cutoffSeconds: second },
        { scope: 'subject', key: 'maria', cutoffSeconds: second },
        { scope: 'session', issuer: 'https://idp.example\0x', key: 's' },
      ]
      for (const command of wrong) {
        await refuses(store.revoke(revocation(command)), 'invalid_parameter')
      }
      await assertChain(store, 0)
    },
  },
]
