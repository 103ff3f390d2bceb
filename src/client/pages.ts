import type { WirePage } from '../protocol/admin-api.ts'
import type { Transport } from './transport.ts'

export interface ListOptions {
  /** Items that one call fetches, 1 to 1000; default 200. The iteration goes through all of them. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

/** A list: gone through to its end, or looked at page by page. */
export interface List<T> extends AsyncIterable<T> {
  /**
   * One page of it.
   *
   * @param cursor `next` of the page before; without it the first one.
   */
  page(cursor?: string): Promise<WirePage<T>>
}

type Filter = Readonly<Record<string, string | boolean | undefined>>

const DEFAULT_PAGE_SIZE = 200

/** Going through a list fetches a page when the one before it is used up. */
export function listOf<T>(
  transport: Transport,
  path: string,
  filter: Filter,
  { pageSize = DEFAULT_PAGE_SIZE, signal }: ListOptions,
): List<T> {
  const page = (cursor?: string): Promise<WirePage<T>> =>
    transport.json('GET', path, { query: { ...filter, limit: pageSize, cursor }, signal })
  return {
    page,
    async *[Symbol.asyncIterator]() {
      let cursor: string | undefined
      do {
        const { items, next } = await page(cursor)
        yield* items
        cursor = next ?? undefined
      } while (cursor !== undefined)
    },
  }
}
