import type { BrokenStore } from './broken-store.ts'

export const brokenDirectory: readonly BrokenStore[] = [
  {
    name: 'finds people by the beginning of a name alone',
    caughtBy: 'listSubjects: by a part of a name',
    wrap: (store) => ({
      ...store,
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
    name: 'calls nobody anything who has no name',
    caughtBy: 'findNames: what people and clients are called',
    wrap: (store) => ({
      ...store,
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
