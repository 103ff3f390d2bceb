/** Subjects and clients. */
import type { Failure } from '../../domain/failure.ts'
import { Refusal } from '../../domain/failure.ts'
import {
  normalIdentifier,
  withNormalIdentifiers,
  type Identifiers,
} from '../../domain/identifiers.ts'
import type { Client, Subject } from '../../domain/identity.ts'
import type { ClientChange, ClientLookup, SubjectChange, SubjectLookup } from '../../ports/store.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'
import { clientValues, subjectValues } from '../identity-values.ts'
import { allOf, toClient, toSubject, type ClientRow, type SubjectRow } from './rows.ts'

type Answer<T> = { readonly value: T } | { readonly failure: Failure }

/** For queries in which either table is called `t`. */
export const columns: Readonly<Record<'subjects' | 'clients', string>> = {
  subjects: allOf('subjects', 't'),
  clients: allOf('clients', 't'),
}

function subjectBy(column: SubjectLookup['by']): Statement {
  const text = `SELECT ${columns.subjects} FROM subjects t WHERE t.${column} = $1`
  return { name: `subject_by_${column}`, text }
}

const findSubjectBy = {
  id: subjectBy('id'),
  username: subjectBy('username'),
  email: subjectBy('email'),
  phone: subjectBy('phone'),
}

export async function findSubject(
  link: Link,
  { by, value }: SubjectLookup,
): Promise<Subject | undefined> {
  const wanted = by === 'id' ? value : normalIdentifier(by, value)
  if (wanted === undefined) return undefined
  const [row] = await link.run<SubjectRow>(findSubjectBy[by], [wanted])
  return row && toSubject(row)
}

const clientById: Statement = {
  name: 'client_by_id',
  text: `SELECT ${columns.clients} FROM clients t WHERE t.id = $1`,
}
const clientByKey: Statement = {
  name: 'client_by_key',
  text: `SELECT ${columns.clients} FROM clients t WHERE t.dialect = $1 AND t.key = $2`,
}

export async function findClient(link: Link, lookup: ClientLookup): Promise<Client | undefined> {
  const [row] =
    lookup.by === 'id'
      ? await link.run<ClientRow>(clientById, [lookup.value])
      : await link.run<ClientRow>(clientByKey, [lookup.dialect, lookup.value])
  return row && toClient(row)
}

const addSubject: Statement = {
  name: 'subject_add',
  text: `INSERT INTO subjects (id, name, username, email, phone, password_hash, standing,
      created_at_ms, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT DO NOTHING RETURNING 1`,
}

export async function createSubject(
  connection: Connection,
  given: Subject,
): Promise<Answer<undefined>> {
  const normal = normalized(given)
  if ('failure' in normal) return normal
  const subject = normal.value
  const added = await connection.run(addSubject, subjectValues(subject))
  return added.length === 1 ? { value: undefined } : taken('id, username, email or phone')
}

const changeSubject: Statement = {
  name: 'subject_change',
  text: `UPDATE subjects t SET name = coalesce($2, t.name),
      password_hash = coalesce($3, t.password_hash), standing = coalesce($4, t.standing),
      attributes = coalesce($5, t.attributes), username = coalesce($6, t.username),
      email = coalesce($7, t.email), phone = coalesce($8, t.phone)
    WHERE t.id = $1 AND NOT EXISTS (SELECT 1 FROM subjects o
      WHERE o.id <> $1 AND (o.username = $6 OR o.email = $7 OR o.phone = $8))
    RETURNING ${columns.subjects}`,
}

export async function updateSubject(
  connection: Connection,
  id: string,
  change: SubjectChange,
): Promise<Answer<Subject>> {
  const normal = normalized(change)
  if ('failure' in normal) return normal
  const { username, email, phone } = normal.value
  const [row] = await connection.run<SubjectRow>(changeSubject, [
    id,
    change.name ?? null,
    change.passwordHash ?? null,
    change.status ?? null,
    json(change.attributes),
    username ?? null,
    email ?? null,
    phone ?? null,
  ])
  if (row) return { value: toSubject(row) }
  const [known] = await connection.run<SubjectRow>(findSubjectBy.id, [id])
  return known ? taken('username, email or phone') : { failure: { kind: 'not_found' } }
}

function normalized<T extends Partial<Identifiers>>(given: T): Answer<T> {
  try {
    return { value: withNormalIdentifiers(given) }
  } catch (error) {
    if (error instanceof Refusal) return { failure: error.failure }
    throw error
  }
}

const addClient: Statement = {
  name: 'client_add',
  text: `INSERT INTO clients (id, name, dialect, key, secret_hash, allowlist, redirect_uris,
      standing, created_at_ms, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT DO NOTHING RETURNING 1`,
}

export async function createClient(
  connection: Connection,
  client: Client,
): Promise<Answer<undefined>> {
  const added = await connection.run(addClient, clientValues(client))
  return added.length === 1 ? { value: undefined } : taken('id or key')
}

const changeClient: Statement = {
  name: 'client_change',
  text: `UPDATE clients t SET name = coalesce($2, t.name),
      secret_hash = coalesce($3, t.secret_hash), allowlist = coalesce($4, t.allowlist),
      redirect_uris = coalesce($5, t.redirect_uris), standing = coalesce($6, t.standing),
      attributes = coalesce($7, t.attributes)
    WHERE t.id = $1 AND t.attributes = coalesce($8, t.attributes) RETURNING ${columns.clients}`,
}

export async function updateClient(
  connection: Connection,
  id: string,
  change: ClientChange,
): Promise<Answer<Client>> {
  const [row] = await connection.run<ClientRow>(changeClient, [
    id,
    change.name ?? null,
    change.secretHash ?? null,
    json(change.allowlist),
    json(change.redirectUris),
    change.status ?? null,
    json(change.attributes),
    json(change.attributesBefore),
  ])
  if (row) return { value: toClient(row) }
  const [known] = await connection.run<ClientRow>(clientById, [id])
  return known
    ? { failure: { kind: 'conflict', reason: 'its attributes have changed meanwhile' } }
    : { failure: { kind: 'not_found' } }
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}

function taken(names: string): { readonly failure: Failure } {
  return { failure: { kind: 'conflict', reason: `the ${names} is taken` } }
}
