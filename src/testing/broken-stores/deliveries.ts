import type { Delivery } from '../../domain/delivery.ts'
import { isWide } from '../../domain/scope.ts'
import { MAX_COUNTED_STEP_MS, type EndedSession, type Ends } from '../../ports/delivery.ts'
import type { Store } from '../../ports/store.ts'
import { nextTurn, type BrokenStore } from './broken-store.ts'

/** A store that reads something else of what has ended. */
function reading(store: Store, change: (ends: Ends) => Ends): Partial<Store> {
  return {
    async readEnds(request) {
      const ends = await store.readEnds(request)
      return ends && change(ends)
    },
  }
}

export const brokenPlans: readonly BrokenStore[] = [
  {
    name: 'tells only of those that were ended by name',
    caughtBy: 'readEnds: the sessions of each scope',
    overrides: (store) =>
      reading(store, (ends) => ({
        ...ends,
        ended: ends.ended.filter(({ entry }) => !isWide(entry.scope)),
      })),
  },
  {
    name: 'tells of the first page of an entry alone',
    caughtBy: 'readEnds: 250 sessions',
    overrides: (store) =>
      reading(store, (ends) => {
        const { stream, sequence, sessionNumber } = ends.reached
        if (sessionNumber === 0) return ends
        return { ...ends, reached: { stream, sequence: sequence + 1, sessionNumber: 0 } }
      }),
  },
  {
    name: 'always begins with the first stream',
    caughtBy: 'readEnds: passes over the streams',
    overrides: (store) => ({
      readEnds: (request) => store.readEnds({ ...request, except: [] }),
    }),
  },
  {
    name: 'takes a full page for the last one',
    caughtBy: 'readEnds: says whether the stream had more',
    overrides: (store) => reading(store, (ends) => ({ ...ends, hasMore: false })),
  },
  {
    name: 'begins an entry again that was interrupted',
    caughtBy: 'readEnds: goes on in the middle',
    overrides: (store) => ({
      planDeliveries: ({ reached, ...command }) =>
        store.planDeliveries({ ...command, reached: { ...reached, sessionNumber: 0 } }),
    }),
  },
  {
    name: 'tells of what had ended before once more',
    caughtBy: 'readEnds: what had ended before',
    overrides: (store) => {
      const told: Ends['ended'][number][] = []
      return reading(store, (ends) => {
        const again = ends.ended.some(({ entry }) => isWide(entry.scope)) ? told.slice() : []
        told.push(...ends.ended)
        return { ...ends, ended: [...again, ...ends.ended] }
      })
    },
  },
  {
    name: 'believes the time of an entry about what had expired',
    caughtBy: 'readEnds: also what looks expired',
    overrides: (store) => ({
      async readEnds(request) {
        const ends = await store.readEnds(request)
        const ended = ends?.ended.filter(
          ({ entry, session }) => (session?.expiresAtMs ?? entry.atMs) >= entry.atMs,
        )
        return ends && { ...ends, ended: ended ?? [] }
      },
    }),
  },
  {
    name: 'tells of sessions whose dialect no receiver asks for',
    caughtBy: 'readEnds: only the dialects',
    overrides: (store) => ({
      readEnds: (request) =>
        store.readEnds({ ...request, dialects: [...request.dialects, 'oauth'] }),
    }),
  },
  {
    name: 'does not wait for logins that are being stored',
    caughtBy: 'readEnds: logins at the moment',
    overrides: (store) => {
      // Others see a login a little later than the one who made it.
      const fresh = new Set<string>()
      return {
        openSession(command) {
          fresh.add(command.sid)
          return store.openSession(command)
        },
        async readEnds(request) {
          const late = new Set(fresh)
          fresh.clear()
          const ends = await store.readEnds(request)
          const isSeen = ({ session }: EndedSession): boolean => !late.has(session.sid)
          return ends && { ...ends, ended: ends.ended.filter(isSeen) }
        },
      }
    },
  },
  {
    name: 'does not look whether another node has planned meanwhile',
    caughtBy: 'planDeliveries: of many who plan',
    overrides: (store) => ({
      async planDeliveries(command) {
        await store.planDeliveries(command)
        return true
      },
    }),
  },
  {
    name: 'moves the cursor, and dies before it stores what is owed',
    caughtBy: 'planDeliveries: of many who plan',
    overrides: (store) => ({
      async planDeliveries(command) {
        const planned = await store.planDeliveries({ ...command, owed: [] })
        // A crash here loses what was owed.
        return planned
      },
    }),
  },
  {
    name: 'stores what is stored already under a new id',
    caughtBy: 'planDeliveries: what is stored already',
    overrides: (store) => {
      let copies = 0
      const seen = new Set<string>()
      const fresh = (id: string): string => {
        if (!seen.has(id)) {
          seen.add(id)
          return id
        }
        copies += 1
        return `${id} ${copies}`
      }
      return {
        planDeliveries: (command) =>
          store.planDeliveries({
            ...command,
            owed: command.owed.map((delivery) => ({ ...delivery, id: fresh(delivery.id) })),
          }),
      }
    },
  },
]

export const brokenSending: readonly BrokenStore[] = [
  {
    name: 'looks what is due, then claims it: two nodes send it',
    caughtBy: 'claimDeliveries: each to one of many',
    overrides: (store) => {
      const known = new Map<string, Delivery>()
      return {
        async claimDeliveries(command) {
          const claimed = await store.claimDeliveries(command)
          const before = [...known.values()].filter(({ receiver }) => receiver === command.receiver)
          for (const delivery of claimed) known.set(delivery.id, delivery)
          await nextTurn()
          return [...before, ...claimed]
        },
      }
    },
  },
  {
    name: 'does not count attempts',
    caughtBy: 'claimDeliveries: each to one of many',
    overrides: (store) => ({
      claimDeliveries: async (command) =>
        (await store.claimDeliveries(command)).map((delivery) => ({ ...delivery, attempts: 0 })),
    }),
  },
  {
    name: 'claims for ever: what a dead node had claimed is never sent',
    caughtBy: 'claimDeliveries: a claim ends',
    overrides: (store) => ({
      claimDeliveries: (command) => store.claimDeliveries({ ...command, leaseMs: 3_600_000 }),
    }),
  },
  {
    name: 'takes claims away before they end',
    caughtBy: 'claimDeliveries: a claim ends',
    overrides: (store) => ({
      claimDeliveries: (command) => store.claimDeliveries({ ...command, leaseMs: 0 }),
    }),
  },
  {
    name: 'lets a later message overtake while an earlier one pauses',
    caughtBy: 'claimDeliveries: of one subject only',
    overrides: (store) => ({
      planDeliveries: (command) =>
        store.planDeliveries({
          ...command,
          owed: command.owed.map((delivery) => ({ ...delivery, subject: delivery.id })),
        }),
    }),
  },
  {
    name: 'believes every due time, however far ahead',
    caughtBy: 'claimDeliveries: a time that is further ahead',
    overrides: (store) => ({
      dueReceivers: async () => [],
      claimDeliveries: async (command) =>
        (await store.claimDeliveries(command)).filter(({ attempts }) => attempts === 1),
    }),
  },
  {
    name: 'settles for any caller',
    caughtBy: 'claimDeliveries: a claim ends',
    overrides: (store) => ({
      async settleDelivery(command) {
        const { claimedBy } = (await store.findDelivery(command.id)) ?? {}
        return store.settleDelivery({ ...command, claimedBy: claimedBy ?? command.claimedBy })
      },
    }),
  },
  {
    name: 'forgets why it failed',
    caughtBy: 'settleDelivery: keeps why',
    overrides: (store) => ({
      settleDelivery: (command) => store.settleDelivery({ ...command, lastError: undefined }),
    }),
  },
  {
    name: 'sends again what was delivered, by hand',
    caughtBy: 'retryDelivery: what is dead',
    overrides: (store) => ({
      async retryDelivery(id, nowMs) {
        const delivery = await store.retryDelivery(id, nowMs)
        return delivery && { ...delivery, state: 'owed' }
      },
    }),
  },
  {
    name: 'counts what is dead among what is owed',
    caughtBy: 'listDeliveries: newest first',
    overrides: (store) => ({
      async countDeliveries() {
        const counts = await store.countDeliveries()
        return { ...counts, owed: counts.owed + counts.dead }
      },
    }),
  },
  {
    name: 'lists the receiver’s deliveries without looking at their state',
    caughtBy: 'listDeliveries: newest first',
    overrides: (store) => ({
      listDeliveries: ({ receiver, state }, page) =>
        store.listDeliveries(
          receiver === undefined ? (state === undefined ? {} : { state }) : { receiver },
          page,
        ),
    }),
  },
  {
    name: 'sweeps sessions that an entry still needs',
    caughtBy: 'sweep: keeps sessions that an entry',
    overrides: (store) => ({
      async sweep(nowMs, limit) {
        for (;;) {
          const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit })
          if (ends === undefined) return store.sweep(nowMs, limit)
          await store.planDeliveries({ ...ends, owed: [] })
        }
      },
    }),
  },
  {
    name: 'counts a jump of the time that it sweeps by in full',
    caughtBy: 'sweep: keeps a delivery for as long',
    overrides: (store) => {
      let lastMs = Infinity
      return {
        async sweep(nowMs, limit) {
          let swept = await store.sweep(Math.min(lastMs, nowMs), limit)
          for (let atMs = lastMs; atMs < nowMs;) {
            atMs = Math.min(atMs + MAX_COUNTED_STEP_MS, nowMs)
            const next = await store.sweep(atMs, limit)
            swept = { ...next, deliveries: swept.deliveries + next.deliveries }
          }
          lastMs = nowMs
          return swept
        },
      }
    },
  },
  {
    name: 'keeps settled deliveries for ever',
    caughtBy: 'sweep: removes deliveries that were settled',
    overrides: (store) => ({
      sweep: async (nowMs, limit) => ({ ...(await store.sweep(nowMs, limit)), deliveries: 0 }),
    }),
  },
  {
    name: 'keeps deliveries in memory',
    caughtBy: 'durable: deliveries and cursors',
    overrides: (store) => {
      const mine = new Set<string>()
      return {
        planDeliveries: (command) => {
          for (const { id } of command.owed) mine.add(id)
          return store.planDeliveries(command)
        },
        findDelivery: async (id) => (mine.has(id) ? store.findDelivery(id) : undefined),
      }
    },
  },
]
