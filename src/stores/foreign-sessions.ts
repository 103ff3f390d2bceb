/** Rows of `foreign_sessions`, which both stores list in the same words. */
import type { ForeignSession } from '../domain/foreign-session.ts'
import type { ForeignSessionFilter } from '../ports/foreign-session.ts'
import type { Page, PageRequest } from '../ports/store.ts'
import { checkLimit, readCursor, toPage, writeCursor } from './pages.ts'
import type { Row } from './row.ts'

export type ForeignSessionRow = Row<ForeignSession>

const LIST = 'foreign-sessions'
const names = ['issuer', 'subject', 'session', 'client'] as const

/**
 * The query of a page.
 *
 * @param place How the store writes its parameter of this number, from 1 on.
 */
export function foreignSessionQuery(
  filter: ForeignSessionFilter,
  page: PageRequest,
  place: (number: number) => string,
): { readonly text: string; readonly values: readonly (string | number)[] } {
  checkLimit(page.limit, 1000)
  const values: (string | number)[] = []
  const add = (value: string | number): string => place(values.push(value))
  const conditions = names.flatMap((name) => {
    const wanted = filter[name]
    return wanted === undefined ? [] : [`${name} = ${add(wanted)}`]
  })
  if (page.cursor !== undefined) {
    const last = JSON.parse(readCursor(LIST, page.cursor, 'string')) as readonly string[]
    conditions.push(`(${names.join(', ')}) > (${last.map(add).join(', ')})`)
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const order = `ORDER BY ${names.join(', ')} LIMIT ${add(page.limit + 1)}`
  return { text: `SELECT ${foreignSessionColumns} FROM foreign_sessions ${where} ${order}`, values }
}

export function toForeignSessionPage(
  rows: readonly ForeignSessionRow[],
  limit: number,
): Page<ForeignSession> {
  return toPage(rows, limit, toForeignSession, (row) =>
    writeCursor(LIST, JSON.stringify(names.map((name) => row[name]))),
  )
}

function toForeignSession(row: ForeignSessionRow): ForeignSession {
  const { issuer, subject, session, client } = row
  return {
    issuer,
    subject,
    session,
    client,
    sinceSeconds: row.since_seconds,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}

/** The columns of a row, in the order in which both stores insert them. */
export function foreignSessionValues(session: ForeignSession): readonly (string | number)[] {
  const { issuer, subject, client, sinceSeconds, firstSeenAtMs } = session
  const times = [sinceSeconds, firstSeenAtMs, session.lastSeenAtMs, session.expiresAtMs]
  return [issuer, subject, session.session, client, ...times]
}

/** What the later of two sightings changes. `greater` is the store's name for the greater of two. */
export function keepLater(greater: string): string {
  return ['since_seconds', 'last_seen_at_ms', 'expires_at_ms']
    .map((column) => `${column} = ${greater}(f.${column}, excluded.${column})`)
    .join(', ')
}

export const foreignSessionColumns: string =
  'issuer, subject, session, client, since_seconds, first_seen_at_ms, last_seen_at_ms, expires_at_ms'
