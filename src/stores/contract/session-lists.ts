import assert from 'node:assert/strict'
import type { PageRequest, SessionFilter, Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { allPages, mintId, now, refuses, revocation, session, times } from './samples.ts'
import { counters } from './sessions.ts'

async function sids(store: Store, filter: SessionFilter, nowMs = now): Promise<string[]> {
  const found = await allPages((page) => store.listSessions(filter, nowMs, page), 7)
  assert.equal(await store.countSessions(filter), found.length, JSON.stringify(filter))
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
        }),
      )
      for (const command of commands) await store.openSession(command)
      const filters: SessionFilter[] = [
        {},
        { subjectId: 's1' },
        { clientId: 'c2' },
        { deviceKey: 'd3' },
        { dialect: 'p4' },
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
              command.dialect === (filter.dialect ?? command.dialect),
          )
          .map(({ sid }) => sid)
          .toReversed()
        assert.deepEqual(await sids(store, filter), expected, JSON.stringify(filter))
      }
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
      assert.deepEqual(page.items.at(-1), { session: live, state: 'live' })
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
    name: 'listSessions: what is opened meanwhile neither repeats nor hides a session',
    async run({ store }) {
      const first: string[] = []
      for (let opened = 0; opened < 20; opened += 1) {
        first.push((await store.openSession(session({ createdAtMs: now + opened }))).sid)
      }
      const list = async (page: PageRequest) => {
        const result = await store.listSessions({}, now, page)
        await store.openSession(session({ createdAtMs: now + 1000 }))
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
