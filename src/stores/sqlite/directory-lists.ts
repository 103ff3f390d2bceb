/** Lists of subjects and clients, and what they are called. */
import type { DatabaseSync } from 'node:sqlite'
import type { Subject } from '../../domain/identity.ts'
import { ROWS_LOOKED_AT } from '../../ports/session-search.ts'
import type { DirectoryNames, Page, PageRequest, SearchPageRequest } from '../../ports/store.ts'
import type { LongQueries } from '../commands.ts'
import { checkLimit, checkNames, pageStart, toPage, writeCursor } from '../pages.ts'
import { searchText } from '../search-text.ts'
import { lastLookedAt, toOwner, toSubjectPage, type OwnerRow } from '../directory-pages.ts'
import { isFirst } from '../session-searches.ts'
import { shaped, toClient, toSubject, type ClientRow, type SubjectRow } from './rows.ts'
import { toldClient } from './schema/receivers.ts'
import { exists } from './session-lists.ts'

export function directoryLongReader(
  database: DatabaseSync,
): Pick<LongQueries, 'listSubjects' | 'listClients' | 'listToldClients' | 'findNames'> {
  database.function('search_text', { deterministic: true }, (text) => searchText(String(text)))
  function list<R extends { readonly id: string }, T>(
    table: 'subjects' | 'clients',
    page: PageRequest,
    convert: (row: R) => T,
  ): Page<T> {
    const after = pageStart(table, page)
    const sql = `SELECT * FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`
    const rows = shaped<R[]>(database.prepare(sql).all(after, page.limit + 1))
    return toPage(rows, page.limit, convert, (row) => writeCursor(table, row.id))
  }
  function searchSubjects(page: SearchPageRequest, containing: string): Page<Subject> {
    const { limit, lookAt = ROWS_LOOKED_AT } = page
    const after = pageStart('subjects', page)
    const ends = database
      .prepare('SELECT id FROM subjects WHERE id > ? ORDER BY id LIMIT 2 OFFSET ?')
      .all(after, lookAt - 1)
    const last = lastLookedAt(shaped<{ id: string }[]>(ends))
    const rows = database
      .prepare(
        `SELECT * FROM subjects WHERE id > ? ${last === undefined ? '' : 'AND id <= ?'}
           AND instr(search_text(${searched}), ?) > 0 ORDER BY id LIMIT ?`,
      )
      .all(after, ...(last === undefined ? [] : [last]), searchText(containing), limit + 1)
    return toSubjectPage(shaped<SubjectRow[]>(rows), limit, last)
  }
  const names = (table: 'subjects' | 'clients', name: string, ids: readonly string[]): Names =>
    shaped<{ id: string; name: string }[]>(
      database
        .prepare(
          `SELECT id, ${name} AS name FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
        )
        .all(JSON.stringify(ids)),
    ).map((row) => [row.id, row.name])
  return {
    listSubjects: (page, containing = '') =>
      containing === '' ? list('subjects', page, toSubject) : searchSubjects(page, containing),
    listClients: (page) => list('clients', page, toClient),
    listToldClients(after, limit) {
      checkLimit(limit, 10_000)
      const sql = `SELECT * FROM clients WHERE ${toldClient} AND id > ? ORDER BY id LIMIT ?`
      return shaped<ClientRow[]>(database.prepare(sql).all(after, limit)).map(toClient)
    },
    findNames(of) {
      checkNames(of)
      return {
        subjects: names('subjects', subjectName, of.subjects),
        clients: names('clients', 'name', of.clients),
        sessions: shaped<OwnerRow[]>(
          database.prepare(owners).all(JSON.stringify(of.sessions ?? [])),
        ).map(toOwner),
      }
    },
  }
}

type Names = DirectoryNames['subjects']

const owners = `SELECT s.sid, s.subject_id, s.client_id FROM sessions s
  WHERE s.sid IN (SELECT value FROM json_each(?)) AND ${isFirst('true', { exists })}`

/** The texts of a subject, apart: no text that is searched for holds a line feed. */
const searched = `concat_ws(char(10), id, name, username, email, phone)`
const subjectName = `coalesce(nullif(name, ''), username, email, phone, '')`
