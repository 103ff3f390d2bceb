import assert from 'node:assert/strict'
import { grantKey, participantKey, type Scope } from '../../domain/scope.ts'
import { PARTICIPANTS_SHOWN, type Session } from '../../domain/session.ts'
import type { PageRequest, SessionFilter, Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { allPages, joining, mintId, now, refuses, revocation, session, times } from './samples.ts'
import { counters } from './sessions.ts'

async function sids(store: Store, filter: SessionFilter): Promise<string[]> {
  const found = await allPages((page) => store.listSessions(filter, now, page), 7)
  const { count } = await store.countSessions(filter)
  assert.equal(count, found.length, JSON.stringify(filter))
  return found.map(({ session: { sid } }) => sid)
}

export const sessionListChecks: readonly Check[] = [
  {
    name: 'listSessions and countSessions: newest first, by every filter and all together',
    async run({ store }) {
      const commands = times(48, (index) =>
        session({
          subjectId: `s${index % 2}`,
          clientId: `c${index % 3}`,
          deviceKey: index % 4 === 0 ? undefined : `d${index % 4}`,
          dialect: `p${index % 5}`,
          createdAtMs: now + index,
          attributes: index % 7 === 0 ? { note: '"address":"a1"' } : { address: `a${index % 3}` },
        }),
      )
      for (const command of commands) await store.openSession(command)
      const filters: SessionFilter[] = [
        {},
        { subjectId: 's1' },
        { clientId: 'c2' },
        { deviceKey: 'd3' },
        { dialect: 'p4' },
        { address: 'a1' },
        { openedFromMs: now + 40 },
        { openedUntilMs: now + 8 },
        { openedFromMs: now + 11, openedUntilMs: now + 13, address: 'a0' },
        { openedFromMs: now + 48 },
        { openedUntilMs: now - 1 },
        { subjectId: 's1', clientId: 'c1', deviceKey: 'd3', dialect: 'p2' },
        { subjectId: 'nobody' },
        { liveAtMs: now },
      ]
      for (const filter of filters) {
        const expected = commands
          .filter(
            (command) =>
              command.subjectId === (filter.subjectId ?? command.subjectId) &&
              command.clientId === (filter.clientId ?? command.clientId) &&
              command.deviceKey === (filter.deviceKey ?? command.deviceKey) &&
              command.dialect === (filter.dialect ?? command.dialect) &&
              command.createdAtMs >= (filter.openedFromMs ?? 0) &&
              command.createdAtMs <= (filter.openedUntilMs ?? Infinity) &&
              (filter.address === undefined || command.attributes['address'] === filter.address),
          )
          .map(({ sid }) => sid)
          .toReversed()
        assert.deepEqual(await sids(store, filter), expected, JSON.stringify(filter))
      }
      const upTo = (atMost: number) => store.countSessions({}, { atMost })
      assert.deepEqual(await upTo(48), { count: 48, isExact: true })
      assert.deepEqual(await upTo(5), { count: 5, isExact: false }, 'no more than was asked for')
    },
  },
  {
    name: 'listSessions: by the time also where a clock went back between two logins',
    async run({ store }) {
      for (const offset of [0, 50, 10, 60, 20]) {
        await store.openSession(session({ subjectId: String(offset), createdAtMs: now + offset }))
      }
      const found = async (filter: SessionFilter) =>
        (await store.listSessions(filter, now, { limit: 10, cursor: undefined })).items.map(
          ({ session: { subjectId } }) => subjectId,
        )
      assert.deepEqual(await found({ openedUntilMs: now + 20 }), ['20', '10', '0'])
      assert.deepEqual(await found({ openedFromMs: now + 50 }), ['60', '50'])
    },
  },
  {
    name: 'listSessions and countSessions: look at no more rows than they may, and go on from there',
    async run({ store }) {
      const opened: Session[] = []
      for (let index = 0; index < 25; index += 1) {
        const createdAtMs = now + index
        const clientId = index === 3 ? 'tv' : 'web'
        opened.push(await store.openSession(session({ clientId, createdAtMs, dialect: 'octopus' })))
      }
      for (const { sid } of opened.slice(5)) await store.revoke(revocation({ key: sid }))
      const walk = async (filter: SessionFilter) => {
        const pages: (readonly string[])[] = []
        let cursor: string | undefined
        do {
          const page = await store.listSessions(filter, now, { limit: 4, cursor, lookAt: 10 })
          pages.push(page.items.map((item) => item.session.sid))
          cursor = page.next
        } while (cursor !== undefined)
        return pages
      }
      const live = opened.slice(0, 5).map(({ sid }) => sid)
      const [first = '', ...others] = live
      // Twenty have ended; the last page has room for four of the five.
      assert.deepEqual(await walk({ liveAtMs: now }), [[], [], others.toReversed(), [first]])
      assert.deepEqual(await walk({ openedUntilMs: now + 3, liveAtMs: now }), [
        live.slice(0, 4).toReversed(),
      ])
      const tv = { clientId: 'tv', dialect: 'octopus' }
      assert.deepEqual(await walk(tv), [[live[3]]], 'its client alone is looked at')
      const counted = (filter: SessionFilter, lookAt: number) =>
        store.countSessions(filter, { atMost: 100, lookAt })
      assert.deepEqual(await counted({ liveAtMs: now }, 10), { count: 0, isExact: false })
      assert.deepEqual(await counted({ liveAtMs: now }, 22), { count: 2, isExact: false })
      assert.deepEqual(await counted({ liveAtMs: now }, 25), { count: 5, isExact: true })
      assert.deepEqual(await counted(tv, 1), { count: 1, isExact: true })
    },
  },
  {
    name: 'countSessionsByClient: each client with the sessions that it has a part in',
    async run({ store }) {
      const first = await store.openSession(session({ clientId: 'web' }))
      await store.joinSession(joining(first, { clientId: 'app' }))
      const second = await store.openSession(session({ clientId: 'web' }))
      await store.joinSession(joining(second, { clientId: 'web', attributes: { again: true } }))
      await store.openSession(session({ clientId: 'tv', expiresAtMs: now - 1 }))
      const web = { clientId: 'web', sessions: 2 }
      const app = { clientId: 'app', sessions: 1 }
      assert.deepEqual(await store.countSessionsByClient({ liveAtMs: now }, 10), [web, app])
      assert.deepEqual(await store.countSessionsByClient({ liveAtMs: now }, 1), [web])
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      assert.deepEqual(await store.countSessionsByClient({ liveAtMs: now }, 10), [app])
      assert.deepEqual(await store.countSessionsByClient({ sid: second.sid }, 10), [
        { clientId: 'web', sessions: 1 },
      ])
    },
  },
  {
    name: 'countOpenings: sessions by when they were opened, not who joined them',
    async run({ store }) {
      for (const createdAtMs of [999, 1000, 1999, 3000]) {
        const opened = await store.openSession(session({ createdAtMs }))
        await store.joinSession(joining(opened, { joinedAtMs: 2500 }))
      }
      assert.deepEqual(await store.countOpenings({ fromMs: 1000, stepMs: 1000 }), [
        { fromMs: 1000, sessions: 2 },
        { fromMs: 3000, sessions: 1 },
      ])
    },
  },
  {
    name: 'listSessions: says who is live, expired or revoked, and finds the live ones alone',
    async run({ store }) {
      const live = await store.openSession(session({ expiresAtMs: now }))
      const expired = await store.openSession(session({ expiresAtMs: now - 1 }))
      const revoked = await store.openSession(session())
      const both = await store.openSession(session({ expiresAtMs: now - 1 }))
      await store.revoke(revocation({ key: revoked.sid }))
      await store.revoke(revocation({ key: both.sid }))
      const page = await store.listSessions({}, now, { limit: 10, cursor: undefined })
      assert.deepEqual(
        new Map(page.items.map((item) => [item.session.sid, item.state])),
        new Map([
          [live.sid, 'live'],
          [expired.sid, 'expired'],
          [revoked.sid, 'revoked'],
          [both.sid, 'revoked'],
        ]),
      )
      const only = { session: live, state: 'live' }
      assert.deepEqual(page.items.at(-1), { ...only, lastSeenAtMs: now, participants: [only] })
      assert.deepEqual(await sids(store, { liveAtMs: now }), [live.sid])
      assert.deepEqual(await sids(store, { liveAtMs: now - 1 }), [expired.sid, live.sid])
    },
  },
  {
    name: 'listSessions and countSessions: every counter ends what it should',
    async run({ store }) {
      for (const [scope, key] of counters) {
        const { sid } = await store.openSession(session({ deviceKey: 'phone' }))
        const bystander = await store.openSession(
          session({ subjectId: mintId(), clientId: mintId(), deviceKey: mintId() }),
        )
        await store.revoke(revocation({ scope, key }))
        const live = await sids(store, { liveAtMs: now })
        assert.ok(!live.includes(sid), scope)
        assert.equal(live.includes(bystander.sid), scope !== 'everyone', scope)
      }
    },
  },
  {
    name: 'listSessions and countSessions: through any participant, and each session once',
    async run({ store }) {
      const opened: Session[] = []
      for (const [first, ...others] of [['c0'], ['c1', 'c0'], ['c2', 'c0', 'c1'], ['c1', 'c1']]) {
        const one = await store.openSession(session({ clientId: first ?? '' }))
        opened.push(one)
        for (const [index, clientId] of others.entries()) {
          // Another part of the same client, too.
          await store.joinSession(joining(one, { clientId, attributes: { index } }))
        }
      }
      const expected: readonly (readonly [SessionFilter, readonly number[]])[] = [
        [{}, [3, 2, 1, 0]],
        [{ clientId: 'c0' }, [2, 1, 0]],
        [{ clientId: 'c1' }, [3, 2, 1]],
        [{ clientId: 'c2' }, [2]],
        [{ clientId: 'c1', liveAtMs: now }, [3, 2, 1]],
        [{ sid: opened[2]?.sid ?? '' }, [2]],
        [{ sid: opened[2]?.sid ?? '', clientId: 'c3' }, []],
      ]
      for (const [filter, places] of expected) {
        const found = await sids(store, filter)
        const wanted = places.map((place) => opened[place]?.sid ?? '')
        assert.deepEqual(found.toSorted(), wanted.toSorted(), JSON.stringify(filter))
      }
    },
  },
  {
    name: 'listSessions: a session and its participants, and what has ended of them',
    async run({ store }) {
      const opened = await store.openSession(session())
      const app = await store.joinSession(joining(opened))
      const shop = await store.joinSession(joining(opened, { clientId: 'shop' }))
      assert.ok(app && shop)
      const end = (scope: Scope, key: string) => store.revoke(revocation({ scope, key }))
      const list = async (filter: SessionFilter = {}) => {
        const page = { limit: 10, cursor: undefined }
        const { items } = await store.listSessions(filter, now, page)
        assert.deepEqual(await store.countSessions(filter), { count: items.length, isExact: true })
        return items
      }
      await end('client', 'web')
      const parts = [
        { session: app, state: 'live' },
        { session: shop, state: 'live' },
        { session: opened, state: 'revoked' },
      ]
      const status = { session: opened, state: 'live', lastSeenAtMs: now, participants: parts }
      assert.deepEqual(await list({ clientId: 'shop', liveAtMs: now }), [status])
      assert.deepEqual(await list({ clientId: 'web' }), [status])
      assert.deepEqual(await list({ clientId: 'web', liveAtMs: now }), [], 'its part has ended')
      await end('participant', participantKey('shop', opened.sid))
      const [left] = await list({ liveAtMs: now })
      assert.equal(left?.state, 'live')
      assert.deepEqual(
        left.participants.map(({ session: { clientId }, state }) => [clientId, state]),
        [
          ['app', 'live'],
          ['web', 'revoked'],
          ['shop', 'revoked'],
        ],
      )
      await end('grant', grantKey('app', 'maria'))
      assert.equal((await list())[0]?.state, 'revoked', 'its last participant has ended')
      assert.deepEqual(await list({ liveAtMs: now }), [])
    },
  },
  {
    name: 'listSessions: not more participants than are shown, and first those that have not ended',
    async run({ store }) {
      const opened = await store.openSession(session())
      for (let number = 0; number < PARTICIPANTS_SHOWN + 10; number += 1) {
        await store.joinSession(joining(opened, { clientId: `c${String(number)}` }))
        if (number < 20)
          await store.revoke(revocation({ scope: 'client', key: `c${String(number)}` }))
      }
      const page = { limit: 10, cursor: undefined }
      const [status, ...others] = (await store.listSessions({}, now, page)).items
      assert.deepEqual(others, [])
      assert.equal(status?.participants.length, PARTICIPANTS_SHOWN)
      const live = status.participants.filter(({ state }) => state === 'live')
      assert.equal(live.length, PARTICIPANTS_SHOWN - 10 + 1)
      assert.deepEqual(status.participants.slice(0, live.length), live)
    },
  },
  {
    name: 'listSessions: what is opened or joined meanwhile neither repeats nor hides a session',
    async run({ store }) {
      const first: string[] = []
      for (let opened = 0; opened < 20; opened += 1) {
        first.push((await store.openSession(session({ createdAtMs: now + opened }))).sid)
      }
      const list = async (page: PageRequest) => {
        const result = await store.listSessions({}, now, page)
        const opened = await store.openSession(session({ createdAtMs: now + 1000 }))
        const [shown] = result.items
        for (const to of [opened, shown?.session ?? opened]) await store.joinSession(joining(to))
        return result
      }
      const found = await allPages(list, 6)
      assert.deepEqual(
        found.map((item) => item.session.sid),
        first.toReversed(),
      )
    },
  },
  {
    name: 'listSessions: refuses a bad limit or cursor',
    async run({ store }) {
      for (const limit of [0, 1001, 0.5]) {
        await refuses(
          store.listSessions({}, now, { limit, cursor: undefined }),
          'invalid_parameter',
        )
      }
      for (const cursor of ['', '?', 'bnVsbA', 'WyJzZXNzaW9ucyIsIngiXQ']) {
        await refuses(store.listSessions({}, now, { limit: 5, cursor }), 'invalid_parameter')
      }
    },
  },
]
