/** What both stores make of the people and clients that their queries find. */
import { parentOf, type Client, type Subject } from '../domain/identity.ts'
import type { Page, SessionOwner } from '../ports/store.ts'
import { toPage, writeCursor } from './pages.ts'
import type { Row } from './row.ts'
import { toClient, toSubject, type ClientRow, type SubjectRow } from './rows.ts'

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

/** Clients of one parent that a page may have. */
export const MAX_CLIENTS_OF = 100

/** @param rows At least those that belong to the parent, one more than the page has room for. */
export function toClientsOfPage(
  rows: readonly ClientRow[],
  limit: number,
  parent: string,
): Page<Client> {
  const page = toPage(rows, limit, toClient, ({ id }) => writeCursor('clients', id))
  return { ...page, items: page.items.filter((client) => parentOf(client) === parent) }
}

/** Of the first participant of a session. */
export type OwnerRow = Row<SessionOwner>

export function toOwner({ sid, subject_id, client_id }: OwnerRow): SessionOwner {
  return { sid, subjectId: subject_id, clientId: client_id }
}
