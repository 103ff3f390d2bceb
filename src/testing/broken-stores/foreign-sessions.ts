/** Stores that list logins at other issuers wrongly. */
import type { BrokenStore } from './broken-store.ts'

export const brokenForeignSessions: readonly BrokenStore[] = [
  {
    name: 'tells logins at other issuers apart by their session alone',
    caughtBy: 'keepForeignSessions: adds each',
    overrides: (store) => ({
      keepForeignSessions: (command) =>
        store.keepForeignSessions({
          ...command,
          sessions: command.sessions.map((one) => ({ ...one, subject: '' })),
        }),
    }),
  },
  {
    name: 'has seen a login at another issuer first whenever it is seen',
    caughtBy: 'keepForeignSessions: one that is there',
    overrides: (store) => ({
      async listForeignSessions(filter, page) {
        const found = await store.listForeignSessions(filter, page)
        const items = found.items.map((one) => ({ ...one, firstSeenAtMs: one.lastSeenAtMs }))
        return { ...found, items }
      },
    }),
  },
  {
    name: 'keeps logins at other issuers without a bound',
    caughtBy: 'keepForeignSessions: those that expire first',
    overrides: (store) => ({
      keepForeignSessions: ({ sessions }) => store.keepForeignSessions({ sessions, maxKept: 1000 }),
    }),
  },
  {
    name: 'lists logins at every issuer, whichever is asked for',
    caughtBy: 'listForeignSessions: by each name',
    overrides: (store) => ({
      listForeignSessions: (_filter, page) => store.listForeignSessions({}, page),
    }),
  },
  {
    name: 'never sweeps logins at other issuers',
    caughtBy: 'sweep: removes logins',
    overrides: (store) => ({
      sweep: async (nowMs, limit) => ({ ...(await store.sweep(nowMs, limit)), foreignSessions: 0 }),
    }),
  },
]
