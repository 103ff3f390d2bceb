/** People as a search finds them: what both stores make of what their queries find. */
import type { Subject } from '../domain/identity.ts'
import type { Page } from '../ports/store.ts'
import { toPage, writeCursor } from './pages.ts'
import { toSubject, type SubjectRow } from './rows.ts'

/**
 * The id of the last row that a search may look at, undefined where it looks at all there are.
 *
 * @param ends That row and the one behind it, where there are such rows.
 */
export function lastLookedAt([last, behind]: readonly { readonly id: string }[]):
  string | undefined {
  return behind && last?.id
}

/**
 * @param rows One more than the page has room for, where there is one.
 * @param last See {@link lastLookedAt}.
 */
export function toSubjectPage(
  rows: readonly SubjectRow[],
  limit: number,
  last: string | undefined,
): Page<Subject> {
  const cursorOf = (id: string): string => writeCursor('subjects', id)
  const page = toPage(rows, limit, toSubject, ({ id }) => cursorOf(id))
  return { ...page, next: page.next ?? (last === undefined ? undefined : cursorOf(last)) }
}
