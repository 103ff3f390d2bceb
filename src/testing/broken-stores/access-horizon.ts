import type { AccessLife } from '../../domain/access-horizon.ts'
import type { Session } from '../../domain/session.ts'
import type { OpenSessionCommand, Store } from '../../ports/store.ts'
import type { BrokenStore } from './broken-store.ts'

const TABLE_MS = 864_000_000

export const brokenHorizons: readonly BrokenStore[] = [
  {
    name: 'keeps a table of the lives that tokens have, which knows none of 30 days',
    caughtBy: 'revoke: is remembered until the last token',
    overrides: (store) => ({
      openSession: (command) =>
        openAs(store, command, { accessLifetimeMs: Math.min(command.accessLifetimeMs, TABLE_MS) }),
    }),
  },
  {
    name: 'counts from the clock of the node that revokes',
    caughtBy: 'revoke: is remembered until the last token',
    overrides: (store) => ({
      async revoke(command) {
        const outcome = await store.revoke(command)
        const lifeMs = (await store.lastAccessExpiryMs()) - outcome.revocation.atMs
        const forgetAfterMs = command.atMs + Math.min(lifeMs, 3_600_000)
        return { ...outcome, revocation: { ...outcome.revocation, forgetAfterMs } }
      },
    }),
  },
  {
    name: 'forgets the end of everyone an hour after it',
    caughtBy: 'revoke: the end of everyone is remembered',
    overrides: (store) => ({
      async revoke(command) {
        const outcome = await store.revoke(command)
        const forgetAfterMs = command.atMs + 3_600_000
        return { ...outcome, revocation: { ...outcome.revocation, forgetAfterMs } }
      },
    }),
  },
  {
    name: 'remembers every session for as long as the longest',
    caughtBy: 'revoke: a short session is not',
    overrides: (store) => ({
      async revoke(command) {
        const outcome = await store.revoke(command)
        const forgetAfterMs = await store.lastAccessExpiryMs()
        return { ...outcome, revocation: { ...outcome.revocation, forgetAfterMs } }
      },
    }),
  },
  {
    name: 'believes that no clock is a year ahead',
    caughtBy: 'revoke: what was issued by a clock that is ahead',
    overrides: (store) => {
      let firstMs: number | undefined
      return {
        openSession(command) {
          firstMs ??= command.createdAtMs - 400 * 86_400_000
          return openAs(store, command, { createdAtMs: Math.min(command.createdAtMs, firstMs) })
        },
      }
    },
  },
  {
    name: 'thinks of the first token of a session alone',
    caughtBy: 'rotate: a later token of the session',
    overrides: (store) => ({
      rotate: (command) => store.rotate({ ...command, access: never(command.access) }),
    }),
  },
  {
    name: 'thinks of the token that is added alone, where one is replayed',
    caughtBy: 'rotate: a later token of the session',
    overrides: (store) => {
      const used = new Set<string>()
      return {
        rotate(command) {
          const again = used.has(command.id)
          used.add(command.id)
          return store.rotate(again ? { ...command, access: never(command.access) } : command)
        },
      }
    },
  },
  {
    name: 'lets a session have a token without noting how long it lives',
    caughtBy: 'extendAccess: one more token is remembered',
    overrides: (store) => ({
      extendAccess: (command) => store.extendAccess({ ...command, ...never(command) }),
    }),
  },
  {
    name: 'lets a session that has ended have one more token',
    caughtBy: 'extendAccess: one more token is remembered',
    overrides: (store) => ({
      async extendAccess(command) {
        await store.extendAccess(command)
        return (await store.findSession(command.sid)) !== undefined
      },
    }),
  },
  {
    name: 'keeps in memory how long tokens live',
    caughtBy: 'durable: how long tokens live',
    overrides(store) {
      let lastMs = 0
      return {
        openSession(command) {
          lastMs = Math.max(lastMs, command.createdAtMs + command.accessLifetimeMs)
          return openAs(store, command, { accessLifetimeMs: 1 })
        },
        async lastAccessExpiryMs() {
          return lastMs
        },
      }
    },
  },
  {
    name: 'removes a retired key after a day',
    caughtBy: 'rotateKeys: a retired key stays',
    overrides: (store) => ({
      listKeys: async () =>
        (await store.listKeys()).map((key) =>
          key.retiredAtMs === undefined
            ? key
            : { ...key, removeAfterMs: key.retiredAtMs + 86_400_000 },
        ),
    }),
  },
  {
    name: 'reads the counters, and notes how long the token lives afterwards',
    caughtBy: 'race: a longer life than ever',
    overrides: (store) => ({
      async openSession(command) {
        const session = await openAs(store, command, { accessLifetimeMs: 1 })
        // Also once it is known to all: what is asked for meanwhile comes before it.
        const { sid, participantId, accessLifetimeMs: lifetimeMs } = session
        const expiresAtMs = session.createdAtMs + lifetimeMs
        await store.extendAccess({ sid, participantId, lifetimeMs, expiresAtMs })
        return session
      },
    }),
  },
]

/** Opens a session that is stored differently from what is said of it. */
async function openAs(
  store: Store,
  command: OpenSessionCommand,
  stored: Partial<OpenSessionCommand>,
): Promise<Session> {
  const { createdAtMs, accessLifetimeMs } = command
  return { ...(await store.openSession({ ...command, ...stored })), createdAtMs, accessLifetimeMs }
}

function never({ lifetimeMs }: AccessLife): AccessLife {
  return { lifetimeMs, expiresAtMs: 0 }
}
