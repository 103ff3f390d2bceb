import type { Store } from '../../ports/store.ts'
import type { ReceiverDeliveries } from '../../ports/delivery.ts'
import type { BrokenStore } from './broken-store.ts'

/** A store that says something else of each receiver. */
function counting(
  store: Store,
  change: (counted: ReceiverDeliveries) => ReceiverDeliveries,
): Partial<Store> {
  return {
    countByReceiver: async (receivers) => (await store.countByReceiver(receivers)).map(change),
  }
}

export const brokenReceivers: readonly BrokenStore[] = [
  {
    name: 'orders receivers by UTF-16 units',
    caughtBy: 'storedReceivers: each once',
    overrides: (store) => ({
      storedReceivers: async (after, limit) => {
        const all = await store.storedReceivers('', 10_000)
        if (limit > 10_000) return store.storedReceivers(after, limit)
        return all
          .toSorted()
          .filter((name) => name > after)
          .slice(0, limit)
      },
    }),
  },
  {
    name: 'knows only receivers that are owed something',
    caughtBy: 'storedReceivers: each once',
    overrides: (store) => ({
      storedReceivers: async (after, limit) => {
        const names = await store.storedReceivers(after, limit)
        const counts = await store.countByReceiver(names)
        return counts.filter(({ owed }) => owed > 0).map(({ receiver }) => receiver)
      },
    }),
  },
  {
    name: 'begins with the receiver that the page before ended with',
    caughtBy: 'storedReceivers: each once',
    overrides: (store) => ({
      storedReceivers: async (after, limit) => {
        const names = await store.storedReceivers(after, limit)
        return after === '' ? names : [after, ...names].slice(0, limit)
      },
    }),
  },
  {
    name: 'counts what is claimed as sent',
    caughtBy: 'countByReceiver: what is owed',
    overrides: (store) => ({
      async countByReceiver(receivers) {
        const counts = await store.countByReceiver(receivers)
        const page = { limit: 1000, cursor: undefined }
        const { items } = await store.listDeliveries({ state: 'claimed' }, page)
        const claimedOf = (name: string) => items.filter(({ receiver }) => receiver === name).length
        return counts.map((one) => ({ ...one, owed: one.owed - claimedOf(one.receiver) }))
      },
    }),
  },
  {
    name: 'leaves out receivers that nothing is stored for',
    caughtBy: 'countByReceiver: what is owed',
    overrides: (store) => ({
      async countByReceiver(receivers) {
        const stored = await store.storedReceivers('', 10_000)
        return store.countByReceiver(
          receivers.length > 10_000 ? receivers : receivers.filter((name) => stored.includes(name)),
        )
      },
    }),
  },
  {
    name: 'takes a failure that was overcome for the last',
    caughtBy: 'countByReceiver: what is owed',
    overrides: (store) => {
      const failures = new Map<string, ReceiverDeliveries['lastFailure']>()
      return counting(store, (counted) => {
        const { receiver, lastFailure } = counted
        const before = failures.get(receiver)
        const kept = before && before.atMs > (lastFailure?.atMs ?? 0) ? before : lastFailure
        failures.set(receiver, kept)
        return { ...counted, lastFailure: kept }
      })
    },
  },
  {
    name: 'forgets when it failed',
    caughtBy: 'settleDelivery: keeps why',
    overrides: (store) => ({
      settleDelivery: (command) => store.settleDelivery({ ...command, failedAtMs: command.atMs }),
    }),
  },
  {
    name: 'lists clients that only mention a back channel',
    caughtBy: 'listToldClients: those with',
    overrides: (store) => ({
      async listToldClients(after, limit) {
        if (limit > 1000) return store.listToldClients(after, limit)
        const { items } = await store.listClients({ limit: 1000, cursor: undefined })
        return items
          .filter(({ id, attributes }) => {
            return id > after && JSON.stringify(attributes).includes('backchannel_logout_uri')
          })
          .slice(0, limit)
      },
    }),
  },
]
