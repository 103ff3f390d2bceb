import type { BrokenStore } from './broken-store.ts'

export const brokenDirectory: readonly BrokenStore[] = [
  {
    name: 'finds people by the beginning of a name alone',
    caughtBy: 'listSubjects: by a part of a name',
    overrides: (store) => ({
      async listSubjects(page, containing = '') {
        const found = await store.listSubjects(page, containing)
        const wanted = containing.toLowerCase()
        return {
          ...found,
          items: found.items.filter(({ name }) => name.toLowerCase().startsWith(wanted)),
        }
      },
    }),
  },
  {
    name: 'looks through the whole directory for one page of a search',
    caughtBy: 'listSubjects: a search looks at no more rows than it may',
    overrides: (store) => ({
      listSubjects: ({ limit, cursor }, containing) =>
        store.listSubjects({ limit, cursor }, containing),
    }),
  },
  {
    name: 'says that a search has ended where it has looked at as many rows as it may',
    caughtBy: 'listSubjects: a search looks at no more rows than it may',
    overrides: (store) => ({
      async listSubjects(page, containing) {
        const found = await store.listSubjects(page, containing)
        return found.items.length === 0 ? { ...found, next: undefined } : found
      },
    }),
  },
  {
    name: 'finds the clients of a parent in one page alone',
    caughtBy: 'listClientsOf: every client of a parent once',
    overrides: (store) => ({
      listClientsOf: async (parent, page) => ({
        ...(await store.listClientsOf(parent, page)),
        next: undefined,
      }),
    }),
  },
  {
    name: 'takes any text like a parent in the attributes for the parent',
    caughtBy: 'listClientsOf: every client of a parent once',
    overrides: (store) => ({
      async listClientsOf(parent, page) {
        const { items, next } = await store.listClients(page)
        const like = `"parent":"${parent}"`
        return {
          items: items.filter(({ attributes }) => JSON.stringify(attributes).includes(like)),
          next,
        }
      },
    }),
  },
  {
    name: 'gives a session to the client that joined it',
    caughtBy: 'findNames: whose sessions are',
    overrides: (store) => ({
      async findNames(of) {
        const found = await store.findNames(of)
        const statuses = await Promise.all(
          found.sessions.map(({ sid }) => store.findSessionStatus(sid, 0)),
        )
        return {
          ...found,
          sessions: statuses.flatMap((status) => {
            const last = status?.participants.at(-1)?.session
            return last
              ? [{ sid: last.sid, subjectId: last.subjectId, clientId: last.clientId }]
              : []
          }),
        }
      },
    }),
  },
  {
    name: 'gives no name to people who have none',
    caughtBy: 'findNames: what people and clients are called',
    overrides: (store) => ({
      async findNames(of) {
        const found = await store.findNames(of)
        return {
          ...found,
          subjects: found.subjects.map(([id, name]) => [id, name.includes('@') ? '' : name]),
        }
      },
    }),
  },
]
