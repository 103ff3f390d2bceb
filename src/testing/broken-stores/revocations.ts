import { Refusal } from '../../domain/failure.ts'
import { type Revocation, type RevocationCommand, ENTRY_VERSION } from '../../domain/revocation.ts'
import { isWide } from '../../domain/scope.ts'
import type { RevokeOutcome, Store } from '../../ports/store.ts'
import { nextTurn, type BrokenStore } from './broken-store.ts'

export const brokenRevocations: readonly BrokenStore[] = [
  {
    name: 'answers a revocation before it is committed',
    caughtBy: 'race: what a resolved change wrote',
    overrides: (store) => ({ revoke: async (command) => guess(store, command) }),
  },
  {
    name: 'commits revocations in an order of its own',
    caughtBy: 'revoke: commits in the order of the calls',
    overrides: (store) => {
      let turn = 0
      return {
        async revoke(command) {
          turn += 1
          if (turn % 3 === 0) await nextTurn()
          return store.revoke(command)
        },
      }
    },
  },
  {
    name: 'loses what was accepted when it is closed',
    caughtBy: 'close: finishes what was accepted',
    overrides: (store) => ({
      async revoke(command) {
        await nextTurn()
        return store.revoke(command)
      },
    }),
  },
  {
    name: 'gives the same sequence number twice',
    caughtBy: 'revoke: a refused neighbour leaves no gap',
    overrides: (store) => ({
      readStream: async (...request) =>
        (await store.readStream(...request)).map((entry) =>
          entry.sequence % 10 === 0 ? { ...entry, sequence: entry.sequence - 1 } : entry,
        ),
    }),
  },
  {
    name: 'does not chain an entry to the one before it',
    caughtBy: 'revoke: commits in the order of the calls',
    overrides: (store) => ({
      readStream: async (...request) =>
        (await store.readStream(...request)).map((entry) => ({ ...entry, previousHash: '' })),
    }),
  },
  {
    name: 'adds an entry for every logout, ended already or not',
    caughtBy: 'revoke: 100 at once of one session',
    overrides: (store) => ({
      async revoke(command) {
        const { revocation } = await store.revoke(command)
        return { revocation: { ...revocation, id: command.id }, added: true }
      },
    }),
  },
  {
    name: 'takes a repeated command of a wide scope for another logout',
    caughtBy: 'revoke: a command that is repeated',
    overrides: (store) => {
      let repeats = 0
      const seen = new Set<string>()
      return {
        async revoke(command) {
          if (!isWide(command.scope) || !seen.has(command.id)) {
            seen.add(command.id)
            return store.revoke(command)
          }
          repeats += 1
          return store.revoke({ ...command, id: `${command.id.slice(0, -3)}f${repeats}` })
        },
      }
    },
  },
  {
    name: 'does not look at the generation that the caller saw',
    caughtBy: 'revoke: a repeated wide logout',
    overrides: (store) => ({
      revoke: (command) => store.revoke({ ...command, ifGeneration: Number.MAX_SAFE_INTEGER }),
    }),
  },
  {
    name: 'lets a refused command spoil the whole batch',
    caughtBy: 'revoke: a refused neighbour leaves no gap',
    overrides: (store) => {
      let batch: Promise<RevokeOutcome>[] = []
      return {
        async revoke(command) {
          batch.push(store.revoke(command))
          const mine = batch
          const place = mine.length - 1
          await nextTurn()
          batch = []
          const outcomes = await Promise.allSettled(mine)
          if (outcomes.some(({ status }) => status === 'rejected')) {
            throw new Refusal({ kind: 'store_unavailable', reason: 'a command failed' })
          }
          return mine[place] as Promise<RevokeOutcome>
        },
      }
    },
  },
  {
    name: 'cuts text at a NUL',
    caughtBy: 'text: every key, actor and note',
    overrides: (store) => ({
      revoke: (command) => store.revoke({ ...command, key: command.key.split('\0')[0] ?? '' }),
    }),
  },
  {
    name: 'normalizes text',
    caughtBy: 'text: counters of different keys',
    overrides: (store) => ({
      revoke: (command) => store.revoke({ ...command, key: command.key.normalize('NFC').trim() }),
    }),
  },
]

/** An answer that looks right, before anything was stored. */
async function guess(store: Store, command: RevocationCommand): Promise<RevokeOutcome> {
  const last = (await store.head()).get(store.stream) ?? 0
  // The caller has to find out whether this arrived; that is the mistake.
  store.revoke(command).catch(() => undefined)
  const entry = { ...command, stream: store.stream, sequence: last + 1, generation: 0 }
  const ours = { version: ENTRY_VERSION, issuer: '', cutoffSeconds: 0 }
  const unknown = { forgetAfterMs: command.atMs, previousHash: '', hash: '' }
  return { revocation: { ...entry, ...ours, ...unknown }, added: true }
}

export const brokenFollowing: readonly BrokenStore[] = [
  {
    name: 'drops every seventh entry on its way to the listeners',
    caughtBy: 'onCommitted: every entry once',
    overrides: (store) =>
      listening(store, (entries) => entries.filter((e) => e.sequence % 7 !== 0)),
  },
  {
    name: 'tells the listeners everything twice',
    caughtBy: 'onCommitted: every entry once',
    overrides: (store) => listening(store, (entries) => [...entries, ...entries]),
  },
  {
    name: 'tells the callers before the listeners',
    caughtBy: 'onCommitted: every entry once',
    overrides: (store) => ({
      onCommitted: (listener) =>
        store.onCommitted((entries) => {
          setImmediate(() => {
            listener(entries)
          })
        }),
    }),
  },
  {
    name: 'has one listener: the last',
    caughtBy: 'onCommitted: several listeners',
    overrides: (store) => {
      let stopLast = (): void => undefined
      return {
        onCommitted(listener) {
          stopLast()
          stopLast = store.onCommitted(listener)
          return stopLast
        },
      }
    },
  },
  {
    name: 'counts its head from 0',
    caughtBy: 'head:',
    overrides: (store) => ({
      head: async () =>
        new Map([...(await store.head())].map(([stream, last]) => [stream, Math.max(0, last - 1)])),
    }),
  },
  {
    name: 'does not bound a page',
    caughtBy: 'readStream: refuses a limit',
    overrides: (store) => ({
      readStream: (stream, after, limit) =>
        store.readStream(stream, after, limit >= 1 ? Math.min(Math.floor(limit), 10_000) : 10_000),
    }),
  },
  {
    name: 'counts pages from the top, whatever is added meanwhile',
    caughtBy: 'listRevocations: what is added meanwhile',
    overrides: (store) => ({
      async listRevocations(filter, { limit, cursor }) {
        const skip = Number(cursor ?? 0)
        const { items } = await store.listRevocations(filter, { limit: 1000, cursor: undefined })
        const next = skip + limit < items.length ? `${skip + limit}` : undefined
        return { items: items.slice(skip, skip + limit), next }
      },
    }),
  },
  {
    name: 'takes the last raise of a counter for the one that ended a session',
    caughtBy: 'findEnding: of a counter',
    overrides: (store) => ({
      async findEnding(places) {
        const first = await store.findEnding(places)
        if (first === undefined) return undefined
        const { scope, key } = first
        const page = { limit: 1, cursor: undefined }
        return (await store.listRevocations({ scope, key, issuer: '' }, page)).items[0]
      },
    }),
  },
  {
    name: 'finds the earliest entry by the clock',
    caughtBy: 'findEnding: where several',
    overrides: (store) => ({
      async findEnding(places) {
        const found = await Promise.all(places.map((place) => store.findEnding([place])))
        return found.filter((entry) => entry !== undefined).toSorted((a, b) => a.atMs - b.atMs)[0]
      },
    }),
  },
  {
    name: 'finds nothing that ended a device',
    caughtBy: 'findEnding: an entry of every scope',
    overrides: (store) => ({
      findEnding: (places) => store.findEnding(places.filter(({ scope }) => scope !== 'device')),
    }),
  },
  {
    name: 'takes the end of another issuer’s token for the end of ours',
    caughtBy: 'findEnding: an entry of every scope',
    overrides: (store) => ({
      async findEnding(places) {
        const found = await store.findEnding(places)
        const [place] = places
        if (found === undefined || place?.fromGeneration !== 0) return found
        const { scope, key } = place
        const { items } = await store.listRevocations(
          { scope, key },
          { limit: 10, cursor: undefined },
        )
        return items.at(-1)
      },
    }),
  },
  {
    name: 'skips an entry between two chunks',
    caughtBy: 'liveRevocations: thousands',
    overrides: (store) => ({
      async *liveRevocations(nowMs) {
        let chunks = 0
        for await (const chunk of store.liveRevocations(nowMs)) {
          yield chunks === 0 ? chunk : chunk.slice(1)
          chunks += 1
        }
      },
    }),
  },
  {
    name: 'never forgets',
    caughtBy: 'liveRevocations: only what is not to be forgotten',
    overrides: (store) => ({ liveRevocations: () => store.liveRevocations(0) }),
  },
  {
    name: 'remembers a counter only as long as its last entry says',
    caughtBy: 'liveRevocations: of a counter',
    overrides: (store) => ({
      async *liveRevocations(nowMs) {
        for await (const chunk of store.liveRevocations(nowMs)) {
          yield chunk.filter(({ atMs, scope }) => !isWide(scope) || atMs + 3_600_000 >= nowMs)
        }
      },
    }),
  },
]

function listening(
  store: Store,
  change: (entries: readonly Revocation[]) => readonly Revocation[],
): Partial<Store> {
  return {
    onCommitted: (listener) =>
      store.onCommitted((entries) => {
        const changed = change(entries)
        if (changed.length > 0) listener(changed)
      }),
  }
}
