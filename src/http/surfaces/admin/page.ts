/** Paging, the same on every list: `limit`, `cursor`, and `next` in the answer. */
import type { Page, PageRequest } from '../../../ports/store.ts'
import type { WirePage } from '../../../protocol/admin-api.ts'
import { refuseParameter } from './fields.ts'

export const pageParameters = ['limit', 'cursor'] as const

const DEFAULT_LIMIT = 50
const GREATEST_LIMIT = 1000

/** Pages of the store that one filtered list may read before it answers with what it has. */
const MAX_STORE_PAGES = 20

/** @throws {Problem} `validation-failed`. */
export function readPage(query: {
  readonly limit?: string
  readonly cursor?: string
}): PageRequest {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit)
  if (!/^\d{1,4}$/.test(query.limit ?? '1') || limit < 1 || limit > GREATEST_LIMIT) {
    return refuseParameter('limit', `must be a whole number from 1 to ${String(GREATEST_LIMIT)}`)
  }
  return { limit, cursor: query.cursor }
}

export function renderPage<T, W>(page: Page<T>, render: (item: T) => W): WirePage<W> {
  return { items: page.items.map(render), next: page.next ?? null }
}

/**
 * Pages through a list of the store that cannot filter. Each page asks for no more than is still
 * missing, so that the cursor always stands behind what was looked at.
 */
export async function filterPage<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  keep: (item: T) => boolean,
  page: PageRequest,
): Promise<Page<T>> {
  const items: T[] = []
  let cursor = page.cursor
  for (let read = 0; read < MAX_STORE_PAGES; read++) {
    const found = await list({ limit: page.limit - items.length, cursor })
    items.push(...found.items.filter(keep))
    cursor = found.next
    if (cursor === undefined || items.length >= page.limit) break
  }
  return { items, next: cursor }
}
