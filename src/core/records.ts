/** What a surface keeps for a while, under a kind and a key of its own. */
import type { Json } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'

export interface NewRecord {
  /** What it is, begun with the surface's name: `adobe-regcode`. */
  readonly kind: string
  /** Unique within the kind. Never a secret: see `Handles` for those. */
  readonly key: string
  readonly value: Json
  readonly expiresAtMs: number
}

export interface FoundRecord {
  readonly value: Json
  readonly expiresAtMs: number
  /** Whether its time is over; it is found until it is swept. */
  readonly isOver: boolean
}

export interface Records {
  /** Stores or replaces. */
  put(record: NewRecord): Promise<void>
  /** False where one of that kind and key is there whose time is not over: nothing is stored. */
  add(record: NewRecord): Promise<boolean>
  find(kind: string, key: string): Promise<FoundRecord | undefined>
  /**
   * Those of a kind whose time is not over, by key, at most `limit`; with `after`, a key, only
   * those behind it; with a prefix, only those whose key starts with it. A page may be shorter than
   * the limit although more follow.
   */
  list(
    kind: string,
    limit: number,
    after?: string,
    prefix?: string,
  ): Promise<readonly { readonly key: string; readonly value: Json }[]>
  /** Removes it; of any number of callers exactly one gets true. */
  take(kind: string, key: string): Promise<boolean>
}

export function recordVerbs({ store, clock }: Pick<CoreDependencies, 'store' | 'clock'>): Records {
  return {
    put: ({ value, ...rest }) => store.putTicket({ ...rest, value: JSON.stringify(value) }),
    add: ({ value, ...rest }) =>
      store.addTicket({ ...rest, value: JSON.stringify(value) }, clock.nowMs()),
    async find(kind, key) {
      const ticket = await store.findTicket(kind, key)
      if (ticket === undefined) return undefined
      const { value, expiresAtMs } = ticket
      return {
        value: JSON.parse(value) as Json,
        expiresAtMs,
        isOver: clock.nowMs() >= expiresAtMs,
      }
    },
    async list(kind, limit, after, prefix = '') {
      const nowMs = clock.nowMs()
      return (await store.listTickets(kind, prefix, limit, after))
        .filter(({ expiresAtMs }) => nowMs < expiresAtMs)
        .map(({ key, value }) => ({ key, value: JSON.parse(value) as Json }))
    },
    take: async (kind, key) => (await store.takeTicket(kind, key)) !== undefined,
  }
}
