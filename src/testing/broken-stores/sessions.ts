import type { Store } from '../../ports/store.ts'
import { nextTurn, type BrokenStore } from './broken-store.ts'

export const brokenSessions: readonly BrokenStore[] = [
  {
    name: 'reads the counters after the login, not with it',
    caughtBy: 'race: no login that began before',
    overrides: (store) => ({
      async openSession(command) {
        const opened = await store.openSession(command)
        await nextTurn()
        return { ...opened, generations: await store.generations(command) }
      },
    }),
  },
  {
    name: 'reads the counters anew whenever a session is read',
    caughtBy: 'openSession: reads the counters once',
    overrides: (store) => ({
      async findSession(sid) {
        const found = await store.findSession(sid)
        return found && { ...found, generations: await store.generations(found) }
      },
    }),
  },
  {
    name: 'lets a login wait while a logout overtakes it',
    caughtBy: 'race: a login and a logout of all',
    overrides: (store) => ({
      async openSession(command) {
        await nextTurn()
        return store.openSession(command)
      },
    }),
  },
  {
    name: 'leaves something of a refused login behind',
    caughtBy: 'openSession: refuses a disabled',
    overrides: (store) => ({
      async openSession(command) {
        try {
          return await store.openSession(command)
        } catch (error) {
          await store.openSession({ ...command, subjectId: 'unlisted', clientId: 'unlisted' })
          throw error
        }
      },
    }),
  },
  {
    name: 'finds the last session of a device, live or not',
    caughtBy: 'findDeviceSession:',
    overrides: (store) => ({
      async findDeviceSession(deviceKey, nowMs) {
        const page = { limit: 1, cursor: undefined }
        return (await store.listSessions({ deviceKey }, nowMs, page)).items[0]?.session
      },
    }),
  },
  {
    name: 'shows what has ended as live',
    caughtBy: 'listSessions: says who is live',
    overrides: (store) => ({
      async listSessions(...request) {
        const page = await store.listSessions(...request)
        return { ...page, items: page.items.map((item) => ({ ...item, state: 'live' })) }
      },
    }),
  },
  {
    name: 'loses what is behind the rows that it looked at',
    caughtBy: 'listSessions and countSessions: look at no more rows',
    overrides: (store) => ({
      async listSessions(...request) {
        const page = await store.listSessions(...request)
        return page.items.length === 0 ? { ...page, next: undefined } : page
      },
    }),
  },
  {
    name: 'counts everything, however much it is',
    caughtBy: 'listSessions and countSessions: look at no more rows',
    overrides: (store) => ({ countSessions: (filter) => store.countSessions(filter) }),
  },
  {
    name: 'knows when a person logged in, and nothing since',
    caughtBy: 'findSessionStatus: last seen',
    overrides: (store) => ({
      async findSessionStatus(...request) {
        const status = await store.findSessionStatus(...request)
        return status && { ...status, lastSeenAtMs: status.session.createdAtMs }
      },
    }),
  },
  {
    name: 'counts the expired among the live',
    caughtBy: 'listSessions: says who is live',
    overrides: (store) => ({
      countSessions: (filter) =>
        store.countSessions(filter.liveAtMs === undefined ? filter : { ...filter, liveAtMs: 0 }),
    }),
  },
]

/** What rotate would have said, had it not looked. */
function rotatingAnyway(store: Store, ignored: 'revoked' | 'expired'): Partial<Store> {
  return {
    async rotate(command) {
      const outcome = await store.rotate(command)
      return outcome.kind === ignored ? { kind: 'rotated' } : outcome
    },
  }
}

export const brokenRotations: readonly BrokenStore[] = [
  {
    name: 'rotates without looking whether the session was ended by name',
    caughtBy: 'rotate: refused once the session has ended',
    overrides: (store) => rotatingAnyway(store, 'revoked'),
  },
  {
    name: 'rotates without looking at the counters',
    caughtBy: 'rotate: refused once any counter',
    overrides: (store) => {
      const named = new Set<string>()
      return {
        async revoke(command) {
          if (command.scope === 'session') named.add(command.key)
          return store.revoke(command)
        },
        async rotate(command) {
          const outcome = await store.rotate(command)
          const found = await store.findRefreshToken(command.id, command.secretHash)
          const byName = found !== undefined && named.has(found.session.sid)
          return outcome.kind === 'revoked' && !byName ? { kind: 'rotated' } : outcome
        },
      }
    },
  },
  {
    name: 'rotates what has expired',
    caughtBy: 'rotate: a token is good up to the last moment',
    overrides: (store) => rotatingAnyway(store, 'expired'),
  },
  {
    name: 'lets a token expire a moment early',
    caughtBy: 'rotate: a token is good up to the last moment',
    overrides: (store) => ({
      rotate: (command) => store.rotate({ ...command, nowMs: command.nowMs + 1 }),
    }),
  },
  {
    name: 'checks the session first and uses the token up later',
    caughtBy: 'race: after a revocation has resolved',
    overrides: (store) => ({
      async rotate(command) {
        const outcome = await store.rotate(command)
        if (outcome.kind !== 'revoked') return outcome
        return { kind: 'replayed', sealedAnswer: command.sealedAnswer }
      },
    }),
  },
  {
    name: 'looks at the id of a token and not at its secret',
    caughtBy: 'rotate: a wrong id or secret',
    overrides: (store) => {
      const hashes = new Map<string, string>()
      return {
        async openSession(command) {
          const token = command.refreshToken
          if (token) hashes.set(token.id, token.secretHash)
          return store.openSession(command)
        },
        rotate: (command) =>
          store.rotate({
            ...command,
            secretHash: hashes.get(command.id) ?? command.secretHash,
          }),
      }
    },
  },
  {
    name: 'forgets the successor',
    caughtBy: 'rotate: the successor takes over',
    overrides: (store) => ({
      rotate: (command) => store.rotate({ ...command, successor: undefined }),
    }),
  },
  {
    name: 'hands the first answer out for ever',
    caughtBy: 'rotate: within its grace',
    overrides: (store) => ({
      async rotate(command) {
        const outcome = await store.rotate(command)
        if (outcome.kind !== 'reused') return outcome
        return { kind: 'replayed', sealedAnswer: command.sealedAnswer }
      },
    }),
  },
  {
    name: 'answers a retry with a new answer instead of the first',
    caughtBy: 'rotate: within its grace',
    overrides: (store) => ({
      async rotate(command) {
        const outcome = await store.rotate(command)
        if (outcome.kind !== 'replayed') return outcome
        return { kind: 'replayed', sealedAnswer: command.sealedAnswer }
      },
    }),
  },
  {
    name: 'takes a retry without any grace for a retry within it',
    caughtBy: 'rotate: without a grace',
    overrides: (store) => ({
      rotate: (command) => store.rotate({ ...command, graceMs: command.graceMs + 60_000 }),
    }),
  },
]
