import type { WirePage } from '../protocol/admin-api.ts'
import type { Transport } from './transport.ts'

export interface ListOptions {
  /** Items that one call fetches, 1 to 1000; default 200. The iteration goes through all of them. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

type Filter = Readonly<Record<string, string | boolean | undefined>>

const DEFAULT_PAGE_SIZE = 200

/** Goes through a list page by page; a page is fetched when the one before it is used up. */
export async function* iterate<T>(
  transport: Transport,
  path: string,
  filter: Filter,
  { pageSize = DEFAULT_PAGE_SIZE, signal }: ListOptions,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined
  do {
    const query = { ...filter, limit: pageSize, cursor }
    const page: WirePage<T> = await transport.json('GET', path, { query, signal })
    yield* page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}
