/** Bounds of lists and the cursors between their pages. */
import { refuse } from '../domain/failure.ts'
import { MAX_NAMES } from '../ports/directory.ts'
import type { DirectoryIds, Page, PageRequest } from '../ports/store.ts'

/** How many items a page of what people look through may have. */
const MAX_PAGE = 1000

/** Refuses a limit that is not a whole number from 1 to `most`. */
export function checkLimit(limit: number, most: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return
  refuse({ kind: 'invalid_parameter', parameter: 'limit', reason: `must be 1 to ${most}` })
}

/** Refuses more ids than one look-up of names may have. */
export function checkNames({ subjects, clients, sessions = [] }: DirectoryIds): void {
  if ([subjects, clients, sessions].every(({ length }) => length <= MAX_NAMES)) return
  refuse({ kind: 'invalid_parameter', parameter: 'ids', reason: `must be at most ${MAX_NAMES}` })
}

/**
 * A cursor names its list, so that one of another list is refused, and the last row that was shown.
 *
 * @param last The key by which the list is ordered.
 */
export function writeCursor(list: string, last: string | number): string {
  return Buffer.from(JSON.stringify([list, last])).toString('base64url')
}

/** Reads what `writeCursor` wrote for this list; refuses anything else. */
export function readCursor<K extends 'string' | 'number'>(
  list: string,
  cursor: string,
  kind: K,
): K extends 'string' ? string : number {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(read) && read.length === 2 && read[0] === list && typeof read[1] === kind) {
      return read[1]
    }
  } catch {
    // Not ours: refused below, like one of another list.
  }
  return refuse({ kind: 'invalid_parameter', parameter: 'cursor', reason: 'not of this list' })
}

/** Behind which text a page of such a list begins, once its limit has been checked. */
export function pageStart(
  list: string,
  { limit, cursor }: PageRequest,
  most: number = MAX_PAGE,
): string {
  checkLimit(limit, most)
  return cursor === undefined ? '' : readCursor(list, cursor, 'string')
}

/** The same of a list by numbers, the newest first: below which number the page begins. */
export function newestPageStart(list: string, { limit, cursor }: PageRequest): number {
  checkLimit(limit, MAX_PAGE)
  return cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(list, cursor, 'number')
}

/** Makes a page of `limit + 1` rows: the one too many says that there is a next page. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  convert: (row: R) => T,
  cursorOf: (row: R) => string,
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(convert),
    next: rows.length > limit && last !== undefined ? cursorOf(last) : undefined,
  }
}
