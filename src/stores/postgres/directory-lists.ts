/** Lists of subjects and clients, and what they are called. */
import type { Client, Subject } from '../../domain/identity.ts'
import { ROWS_LOOKED_AT } from '../../ports/session-search.ts'
import type {
  DirectoryIds,
  DirectoryNames,
  Page,
  PageRequest,
  SearchPageRequest,
} from '../../ports/store.ts'
import { checkLimit, checkNames, pageStart, toPage, writeCursor } from '../pages.ts'
import { markedLetters, plainLetters, searchText } from '../search-text.ts'
import {
  lastLookedAt,
  MAX_CLIENTS_OF,
  toClientsOfPage,
  toOwner,
  toSubjectPage,
  type OwnerRow,
} from '../directory-pages.ts'
import { isFirst } from '../session-searches.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { clientParent, unread } from './schema/list-orders.ts'
import { toldClient } from './schema/receivers.ts'
import { columns } from './directory.ts'
import { toClient, toSubject, type ClientRow, type SubjectRow } from './rows.ts'
import { exists } from './sessions.ts'

/** The texts of a subject, apart: no text that is searched for holds a line feed. */
const searched =
  `lower(translate(concat_ws(chr(10), t.id, t.name, t.username, t.email, t.phone), ` +
  `'${markedLetters}', '${plainLetters}'))`

export function listSubjects(
  link: Link,
  page: SearchPageRequest,
  containing = '',
): Promise<Page<Subject>> {
  return containing === ''
    ? list<SubjectRow, Subject>(link, 'subjects', page, toSubject)
    : searchSubjects(link, page, containing)
}

const searchEnds: Statement = {
  name: 'search_subjects_ends',
  text: 'SELECT t.id FROM subjects t WHERE t.id > $1 ORDER BY t.id LIMIT 2 OFFSET $2',
}

function searchUpTo(name: string, end: string): Statement {
  const text = `SELECT ${columns.subjects} FROM subjects t
    WHERE t.id > $1 ${end} AND strpos(${searched}, $3) > 0 ORDER BY t.id LIMIT $2`
  return { name, text }
}

/** Two statements, because an index does not find the end of a range that may have none. */
const searchToLast = searchUpTo('search_subjects_to', 'AND t.id <= $4')
const searchToEnd = searchUpTo('search_subjects', '')

async function searchSubjects(
  link: Link,
  page: SearchPageRequest,
  containing: string,
): Promise<Page<Subject>> {
  const { limit, lookAt = ROWS_LOOKED_AT } = page
  const after = pageStart('subjects', page)
  const last = lastLookedAt(await link.run<{ id: string }>(searchEnds, [after, lookAt - 1]))
  const values = [after, limit + 1, searchText(containing)]
  const rows = await (last === undefined
    ? link.run<SubjectRow>(searchToEnd, values)
    : link.run<SubjectRow>(searchToLast, [...values, last]))
  return toSubjectPage(rows, limit, last)
}

const namesOf = {
  subjects: {
    name: 'names_of_subjects',
    text: `SELECT id, coalesce(nullif(name, ''), username, email, phone, '') AS name
      FROM subjects WHERE id = ANY ($1)`,
  },
  clients: {
    name: 'names_of_clients',
    text: 'SELECT id, name FROM clients WHERE id = ANY ($1)',
  },
} as const

const owners: Statement = {
  name: 'owners_of_sessions',
  text: `SELECT s.sid, s.subject_id, s.client_id FROM sessions s
    WHERE s.sid = ANY ($1) AND ${isFirst('true', { exists })}`,
}

export async function findNames(link: Link, of: DirectoryIds): Promise<DirectoryNames> {
  checkNames(of)
  const names = async (table: keyof typeof namesOf): Promise<DirectoryNames['subjects']> => {
    const rows = await link.run<{ id: string; name: string }>(namesOf[table], [of[table]])
    return rows.map(({ id, name }) => [id, name])
  }
  const [subjects, clients, sessions] = await Promise.all([
    names('subjects'),
    names('clients'),
    link.run<OwnerRow>(owners, [of.sessions ?? []]),
  ])
  return { subjects, clients, sessions: sessions.map(toOwner) }
}

export function listClients(link: Link, page: PageRequest): Promise<Page<Client>> {
  return list<ClientRow, Client>(link, 'clients', page, toClient)
}

const clientsOf: Statement = {
  name: 'clients_of',
  text: `SELECT ${columns.clients} FROM clients t WHERE ${clientParent('t')} IN ($1, '${unread}')
    AND t.id > $2 ORDER BY t.id LIMIT $3`,
}

export async function listClientsOf(
  link: Link,
  parent: string,
  page: PageRequest,
): Promise<Page<Client>> {
  const after = pageStart('clients', page, MAX_CLIENTS_OF)
  const rows = await link.run<ClientRow>(clientsOf, [parent, after, page.limit + 1])
  return toClientsOfPage(rows, page.limit, parent)
}

const toldClients: Statement = {
  name: 'clients_told',
  text: `SELECT ${columns.clients} FROM clients t WHERE ${toldClient('t')} AND t.id > $1
    ORDER BY t.id LIMIT $2`,
}

export async function listToldClients(
  link: Link,
  after: string,
  limit: number,
): Promise<readonly Client[]> {
  checkLimit(limit, 10_000)
  return (await link.run<ClientRow>(toldClients, [after, limit])).map(toClient)
}

async function list<R extends { readonly id: string }, T>(
  link: Link,
  table: 'subjects' | 'clients',
  page: PageRequest,
  convert: (row: R) => T,
): Promise<Page<T>> {
  const after = pageStart(table, page)
  const text = `SELECT ${columns[table]} FROM ${table} t WHERE t.id > $1 ORDER BY t.id LIMIT $2`
  const rows = await link.run<R>({ name: `list_${table}`, text }, [after, page.limit + 1])
  return toPage(rows, page.limit, convert, (row) => writeCursor(table, row.id))
}
