/** Paging, the same on every list: `limit` and `cursor`, and `next` in the answer. */
import { refuse } from '../../../domain/failure.ts'
import type { Page, PageRequest } from '../../../ports/store.ts'
import type { WirePage } from '../../../protocol/admin-api.ts'

export function renderPage<T, W>(page: Page<T>, render: (item: T) => W): WirePage<W> {
  return { items: page.items.map(render), next: page.next ?? null }
}

/** A list that is in memory whole. */
export interface WholeList<T> {
  /** Its cursors are good for it alone. */
  readonly name: string
  readonly items: readonly T[]
  /** Unique; its order is that of the list, whatever comes and goes between two pages. */
  readonly keyOf: (item: T) => string
}

export function pageOfAll<T>({ name, items, keyOf }: WholeList<T>, page: PageRequest): Page<T> {
  const after = page.cursor === undefined ? undefined : readCursor(name, page.cursor)
  const left = items
    .map((item) => ({ key: keyOf(item), item }))
    .filter(({ key }) => after === undefined || key > after)
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
  const shown = left.slice(0, page.limit)
  const last = shown.length < left.length ? shown.at(-1) : undefined
  const next = last && cursorOf(name, last.key)
  return { items: shown.map(({ item }) => item), next }
}

/** The cursor of the page behind a key of a list. */
export function cursorOf(name: string, key: string): string {
  return Buffer.from(`${name}:${key}`).toString('base64url')
}

/** The key behind which a page begins. */
export function readCursor(name: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (text.startsWith(`${name}:`)) return text.slice(name.length + 1)
  return refuse({ kind: 'invalid_parameter', parameter: 'cursor', reason: 'not of this list' })
}
