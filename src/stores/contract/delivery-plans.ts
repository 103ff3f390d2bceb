import assert from 'node:assert/strict'
import { EVERYONE, grantKey, keyOf, scopeRow, type Scope } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import type { OpenSessionCommand } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { claim, end, login, owe, owed, planAll, planInStorm, settle } from './delivery-samples.ts'
import { joining, mintId, now, refuses, revocation, session, times } from './samples.ts'

function participant({ participantId }: Session): string {
  return participantId
}

function keyIn(scope: Scope, clientId: string, sid: string): string {
  const names = { sid, sub: 'maria', client_id: clientId, device_id: 'box' }
  return keyOf(scopeRow(scope), names) ?? assert.fail(scope)
}

export const deliveryPlanChecks: readonly Check[] = [
  {
    name: 'readEnds: the sessions of each scope, each once, and no others',
    async run({ store }) {
      const cases: readonly (readonly [Scope, string, Partial<OpenSessionCommand>])[] = [
        ['subject', 'ben', { subjectId: 'ben' }],
        ['client', 'app', { clientId: 'app' }],
        ['grant', grantKey('shop', 'eva'), { clientId: 'shop', subjectId: 'eva' }],
        ['device', 'tablet', { deviceKey: 'tablet' }],
        ['everyone', EVERYONE, {}],
      ]
      for (const [scope, key, values] of cases) {
        const theirs = [await login(store, values), await login(store, values)]
        const before = scope === 'everyone' ? [] : [await login(store, { subjectId: 'other' })]
        await end(store, scope, key)
        await login(store, { ...values, dialect: 'cable' })
        assert.deepEqual(await planAll(store), theirs, scope)
        for (const sid of before) await end(store, 'session', sid)
        assert.deepEqual(await planAll(store), before, `${scope}: the neighbour lived on`)
        await end(store, 'everyone', EVERYONE)
        await planAll(store)
      }
    },
  },
  {
    name: 'readEnds: every participant of what ended, each once, and no other',
    async run({ store }) {
      const scopes: readonly Scope[] = ['session', 'subject', 'device', 'everyone']
      for (const last of scopes) {
        for (const first of ['participant', 'client', 'grant'] as const) {
          const opened = await store.openSession(session({ dialect: 'tv', deviceKey: 'box' }))
          const part = async (clientId: string, dialect = 'tv') => {
            const joined = await store.joinSession(joining(opened, { clientId, dialect }))
            return joined?.participantId ?? assert.fail('it has not ended')
          }
          const [app, shop] = [await part('app'), await part('shop')]
          await part('mail', 'oauth')
          await end(store, first, keyIn(first, 'app', opened.sid))
          await end(store, first, keyIn(first, 'app', opened.sid))
          assert.deepEqual(await planAll(store, 100, participant), [app], first)
          const again = await part('app')
          await end(store, last, keyIn(last, 'app', opened.sid))
          await end(store, 'client', 'shop')
          const told = await planAll(store, 2, participant)
          assert.deepEqual(told.toSorted(), ['', shop, again].toSorted(), `${last} ${first}`)
        }
      }
    },
  },
  {
    name: 'readEnds: a session that was ended by its name, among many that are not known',
    async run({ store }) {
      const sids = [await login(store), await login(store)]
      for (const key of [mintId(), sids[1] ?? '', mintId(), sids[0] ?? '']) {
        await end(store, 'session', key)
      }
      assert.deepEqual(await planAll(store), sids.toReversed())
    },
  },
  {
    name: 'readEnds: says which entry it was',
    async run({ store }) {
      const sid = await login(store)
      const { revocation: entry } = await end(store, 'device', 'box')
      const ends = await store.readEnds({
        stream: store.stream,
        dialects: ['tv'],
        issuers: [],
        limit: 10,
      })
      assert.deepEqual(ends?.ended, [{ entry, session: await store.findSession(sid) }])
      assert.deepEqual(ends.reached, { stream: store.stream, sequence: 1, sessionNumber: 0 })
      assert.equal(ends.hasMore, false)
      const other = { stream: 'another', dialects: ['tv'], issuers: [], limit: 10 }
      assert.equal(await store.readEnds(other), undefined)
    },
  },
  {
    name: 'readEnds: no session ends with a token or a signing key',
    async run({ store }) {
      const sid = await login(store)
      await end(store, 'token', sid)
      await end(store, 'signing_key', sid)
      assert.deepEqual(await planAll(store), [])
    },
  },
  {
    name: 'readEnds: only the dialects that a receiver asks for',
    async run({ store }) {
      await login(store, { dialect: 'oauth' })
      const tv = await login(store)
      await end(store, 'device', 'box')
      const cable = await login(store, { dialect: 'cable' })
      await end(store, 'everyone', EVERYONE)
      assert.deepEqual(await planAll(store), [tv, cable])
    },
  },
  {
    name: 'readEnds: also what looks expired by the clock of the entry, which may be wrong',
    async run({ store }) {
      const early = await login(store, { expiresAtMs: now - 1 })
      const last = await login(store, { expiresAtMs: now })
      await end(store, 'subject', 'maria')
      const named = await login(store, { expiresAtMs: now - 1 })
      await end(store, 'session', named)
      assert.deepEqual(await planAll(store), [early, last, named])
    },
  },
  {
    name: 'readEnds: what had ended before has not ended again',
    async run({ store }) {
      const byName = await login(store)
      await end(store, 'session', byName)
      const byDevice = await login(store)
      await end(store, 'device', 'box')
      const bySubject = await login(store)
      await end(store, 'subject', 'maria')
      await end(store, 'device', 'box')
      const byClient = await login(store)
      await end(store, 'client', 'web')
      const byGrant = await login(store)
      await end(store, 'grant', grantKey('web', 'maria'))
      const late = await login(store)
      await end(store, 'everyone', EVERYONE)
      await end(store, 'subject', 'maria')
      await end(store, 'session', late)
      const sids = [byName, byDevice, bySubject, byClient, byGrant, late]
      assert.deepEqual(await planAll(store), sids, 'planned together')
      const two = [await login(store), await login(store)]
      await end(store, 'session', two[0] ?? '')
      assert.deepEqual(await planAll(store), two.slice(0, 1))
      await end(store, 'everyone', EVERYONE)
      assert.deepEqual(await planAll(store), two.slice(1), 'planned one after another')
    },
  },
  {
    name: 'readEnds: 250 sessions of one entry, a few at a time, between others',
    async run({ store }) {
      for (const [scope, key] of [
        ['device', 'box'],
        ['everyone', EVERYONE],
      ] as const) {
        const first = await login(store, { deviceKey: 'first' })
        await end(store, 'session', first)
        const sids = await Promise.all(times(250, () => login(store)))
        await Promise.all(times(50, () => login(store, { dialect: 'oauth' })))
        await end(store, scope, key)
        const last = await login(store, { deviceKey: 'last' })
        await end(store, 'device', 'last')
        const planned = await planAll(store, 7)
        assert.equal(planned.length, 252)
        assert.deepEqual([planned[0], planned.at(-1)], [first, last])
        assert.deepEqual(planned.slice(1, -1).toSorted(), sids.toSorted())
      }
    },
  },
  {
    name: 'readEnds: passes over the streams that it is told to',
    async run({ store }) {
      const sid = await login(store)
      await end(store, 'device', 'box')
      const request = { stream: undefined, dialects: ['tv'], issuers: [], limit: 10 }
      assert.equal(await store.readEnds({ ...request, except: [store.stream] }), undefined)
      const ends = await store.readEnds({ ...request, except: ['another', `${store.stream}.`] })
      assert.deepEqual(
        ends?.ended.map(({ session }) => session.sid),
        [sid],
      )
    },
  },
  {
    name: 'readEnds: says whether the stream had more, entries or sessions of one',
    async run({ store }) {
      const sids = [await login(store), await login(store), await login(store)]
      for (const sid of sids.slice(1)) await end(store, 'session', sid)
      await end(store, 'session', mintId())
      const request = { stream: undefined, dialects: ['tv'], issuers: [], limit: 2 }
      const steps = async (): Promise<boolean[]> => {
        const said: boolean[] = []
        for (;;) {
          const ends = await store.readEnds(request)
          if (ends === undefined) return said
          assert.ok(await store.planDeliveries({ ...ends, owed: [] }))
          said.push(ends.hasMore)
        }
      }
      assert.deepEqual(await steps(), [true, false])
      await login(store)
      await end(store, 'device', 'box')
      const said = await steps()
      assert.ok(said.length > 1, 'the device had more sessions than a page holds')
      assert.deepEqual(said, [...said.slice(1).fill(true), false])
    },
  },
  {
    name: 'readEnds: goes on in the middle of an entry after opening again',
    async run(subject) {
      const { store } = subject
      const sids = [await login(store), await login(store), await login(store)]
      await end(store, 'device', 'box')
      const request = { stream: undefined, dialects: ['tv'], issuers: [], limit: 2 }
      const ends = await store.readEnds(request)
      assert.ok(ends)
      assert.equal(ends.reached.sequence, 0, 'the entry is not done')
      assert.ok(await store.planDeliveries({ ...ends, owed: [owed()] }))
      const reopened = await subject.reopen()
      assert.deepEqual(
        [...ends.ended.map((ended) => ended.session.sid), ...(await planAll(reopened))],
        sids,
      )
    },
  },
  {
    name: 'readEnds: an end of everyone that leaps over generations ends all, each once',
    async run({ store }) {
      const leap = (leastGeneration: number) =>
        store.revoke(revocation({ scope: 'everyone', key: EVERYONE, leastGeneration }))
      const first = await login(store)
      await end(store, 'everyone', EVERYONE)
      const second = await login(store)
      await leap(1_000)
      assert.deepEqual(await planAll(store), [first, second], 'planned together')
      const third = await login(store)
      await leap(5_000)
      assert.deepEqual(await planAll(store), [third], 'planned one after another')
      await end(store, 'everyone', EVERYONE)
      assert.deepEqual(await planAll(store), [])
    },
  },
  {
    name: 'readEnds: logins at the moment of a logout of all, each that is dead on arrival',
    run: ({ store }) => planInStorm([store]),
  },
  {
    name: 'readEnds: refuses a limit that is none',
    async run({ store }) {
      for (const limit of [0, -1, 0.5, 10_001]) {
        const request = { stream: undefined, dialects: [], issuers: [], limit }
        await refuses(store.readEnds(request), 'invalid_parameter')
      }
    },
  },
  {
    name: 'planDeliveries: of many who plan the same entry one does, and stores what is owed with it',
    async run({ store }) {
      await end(store, 'session', mintId())
      const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit: 10 })
      assert.ok(ends)
      const plans = times(10, () => owed())
      const planned = await Promise.all(
        plans.map((one) => store.planDeliveries({ ...ends, owed: [one] })),
      )
      assert.equal(planned.filter(Boolean).length, 1)
      const { items } = await store.listDeliveries({}, { limit: 100, cursor: undefined })
      assert.deepEqual(
        items.map(({ id }) => id),
        plans.filter((_, index) => planned[index]).map(({ id }) => id),
      )
      assert.deepEqual(await planAll(store), [])
    },
  },
  {
    name: 'planDeliveries: what is stored already is one delivery, whatever became of it',
    async run({ store }) {
      const first = owed()
      await owe(store, first, first)
      await claim(store)
      await settle(store, first.id)
      await owe(store, { ...first, facts: {} }, owed())
      const { items } = await store.listDeliveries({}, { limit: 100, cursor: undefined })
      assert.equal(items.length, 2)
      assert.deepEqual(await store.findDelivery(first.id), {
        ...first,
        state: 'delivered',
        attempts: 1,
        dueAtMs: now,
        claimedBy: undefined,
        lastError: undefined,
        failedAtMs: undefined,
        settledAtMs: now,
      })
    },
  },
]
