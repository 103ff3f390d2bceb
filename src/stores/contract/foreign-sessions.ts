import assert from 'node:assert/strict'
import type { ForeignSession } from '../../domain/foreign-session.ts'
import type { ForeignSessionFilter } from '../../ports/foreign-session.ts'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { now, refuses, times } from './samples.ts'

const hour = 3_600_000
const maxKept = 100

function seen(given: Partial<ForeignSession> = {}): ForeignSession {
  return {
    issuer: 'https://sso.example',
    subject: 'maria',
    session: 's1',
    client: 'web',
    sinceSeconds: now / 1000,
    firstSeenAtMs: now,
    lastSeenAtMs: now,
    expiresAtMs: now + hour,
    ...given,
  }
}

async function all(
  store: Store,
  filter: ForeignSessionFilter = {},
): Promise<readonly ForeignSession[]> {
  return (await store.listForeignSessions(filter, { limit: 1000, cursor: undefined })).items
}

export const foreignSessionChecks: readonly Check[] = [
  {
    name: 'keepForeignSessions: adds each by all of its names, and keeps it',
    async run(subject) {
      const sessions = [
        seen(),
        seen({ session: '' }),
        seen({ session: '', client: '' }),
        seen({ subject: 'otto' }),
        seen({ issuer: 'https://sso.example/' }),
      ]
      await subject.store.keepForeignSessions({ sessions, maxKept })
      await subject.store.keepForeignSessions({ sessions: [], maxKept })
      const store = await subject.reopen()
      const found = await all(store)
      assert.equal(found.length, sessions.length)
      for (const one of sessions) assert.ok(found.some((other) => deepEqual(one, other)))
    },
  },
  {
    name: 'keepForeignSessions: one that is there keeps its first time and the later of the others',
    async run({ store }) {
      await store.keepForeignSessions({ sessions: [seen()], maxKept })
      const later = {
        sinceSeconds: now / 1000 + 60,
        firstSeenAtMs: now + 60_000,
        lastSeenAtMs: now + 60_000,
        expiresAtMs: now + 2 * hour,
      }
      await store.keepForeignSessions({ sessions: [seen(later)], maxKept })
      const expected = [seen({ ...later, firstSeenAtMs: now })]
      assert.deepEqual(await all(store), expected)
      await store.keepForeignSessions({ sessions: [seen()], maxKept })
      assert.deepEqual(await all(store), expected)
    },
  },
  {
    name: 'keepForeignSessions: those that expire first make room',
    async run({ store }) {
      const sessions = times(10, (index) =>
        seen({ session: `s${String(index)}`, expiresAtMs: now + ((index * 7) % 10) * hour }),
      )
      await store.keepForeignSessions({ sessions, maxKept: 4 })
      const last = sessions.filter(({ expiresAtMs }) => expiresAtMs >= now + 6 * hour)
      assert.deepEqual(await all(store), last)
    },
  },
  {
    name: 'keepForeignSessions: many at once leave each there once',
    async run({ store }) {
      const sessions = times(20, (index) => seen({ session: `s${String(index)}` }))
      await Promise.all(
        times(10, (turn) =>
          store.keepForeignSessions({
            sessions: turn % 2 === 0 ? sessions : sessions.toReversed(),
            maxKept,
          }),
        ),
      )
      assert.equal((await all(store)).length, 20)
    },
  },
  {
    name: 'listForeignSessions: by each name, and page by page',
    async run({ store }) {
      const sessions = ['a', 'b'].flatMap((issuer) =>
        ['maria', 'otto', 'Ä'].flatMap((subject) =>
          ['', 's1'].map((session) => seen({ issuer, subject, session, client: `of ${session}` })),
        ),
      )
      await store.keepForeignSessions({ sessions, maxKept })
      const count = async (filter: ForeignSessionFilter) => (await all(store, filter)).length
      assert.equal(await count({ issuer: 'a' }), 6)
      assert.equal(await count({ subject: 'maria' }), 4)
      assert.equal(await count({ issuer: 'a', subject: 'maria', session: 's1' }), 1)
      assert.equal(await count({ session: '' }), 6)
      assert.equal(await count({ client: 'of s1' }), 6)
      assert.equal(await count({ subject: 'nobody' }), 0)
      const paged: ForeignSession[] = []
      let cursor: string | undefined
      do {
        const page = await store.listForeignSessions({ issuer: 'a' }, { limit: 4, cursor })
        paged.push(...page.items)
        cursor = page.next
      } while (cursor !== undefined)
      assert.deepEqual(paged, await all(store, { issuer: 'a' }))
      await refuses(store.listForeignSessions({}, { limit: 0, cursor }), 'invalid_parameter')
      await refuses(store.listForeignSessions({}, { limit: 1, cursor: 'x' }), 'invalid_parameter')
    },
  },
  {
    name: 'sweep: removes logins at other issuers that have expired',
    async run({ store }) {
      const gone = seen({ session: 'gone', expiresAtMs: now - 1 })
      await store.keepForeignSessions({ sessions: [seen({ expiresAtMs: now }), gone], maxKept })
      assert.equal((await store.sweep(now, 100)).foreignSessions, 1)
      assert.deepEqual(await all(store), [seen({ expiresAtMs: now })])
    },
  },
]

function deepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
