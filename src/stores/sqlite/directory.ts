/** Subjects and clients. Unique names are looked up before a row is written. */
import type { DatabaseSync } from 'node:sqlite'
import { defined } from '../../domain/defined.ts'
import { refuse } from '../../domain/failure.ts'
import {
  normalIdentifier,
  withNormalIdentifiers,
  type Identifiers,
} from '../../domain/identifiers.ts'
import type { Client, Subject } from '../../domain/identity.ts'
import type { ClientLookup, SubjectLookup } from '../../ports/store.ts'
import type { Commands, PointQueries } from '../commands.ts'
import { MAX_CLIENTS_OF, toClientsOfPage } from '../directory-pages.ts'
import { pageStart } from '../pages.ts'
import { clientValues, subjectValues } from '../identity-values.ts'
import { rowFinder, shaped, toClient, toSubject, type ClientRow, type SubjectRow } from './rows.ts'

export function directoryPointReader(
  database: DatabaseSync,
): Pick<PointQueries, 'findSubject' | 'findClient' | 'listClientsOf'> {
  const subjectBy = {
    id: rowFinder<SubjectRow>(database, 'SELECT * FROM subjects WHERE id = ?'),
    username: rowFinder<SubjectRow>(database, 'SELECT * FROM subjects WHERE username = ?'),
    email: rowFinder<SubjectRow>(database, 'SELECT * FROM subjects WHERE email = ?'),
    phone: rowFinder<SubjectRow>(database, 'SELECT * FROM subjects WHERE phone = ?'),
  }
  const clientById = rowFinder<ClientRow>(database, 'SELECT * FROM clients WHERE id = ?')
  const clientByKey = rowFinder<ClientRow>(
    database,
    'SELECT * FROM clients WHERE dialect = ? AND key = ?',
  )
  const clientsOf = database.prepare(
    `SELECT * FROM clients WHERE json_extract(attributes, '$.parent') = ? AND id > ?
     ORDER BY id LIMIT ?`,
  )
  return {
    findSubject({ by, value }: SubjectLookup) {
      const wanted = by === 'id' ? value : normalIdentifier(by, value)
      if (wanted === undefined) return undefined
      const row = subjectBy[by](wanted)
      return row && toSubject(row)
    },
    findClient(lookup: ClientLookup) {
      const row =
        lookup.by === 'id' ? clientById(lookup.value) : clientByKey(lookup.dialect, lookup.value)
      return row && toClient(row)
    },
    listClientsOf(parent, page) {
      const after = pageStart('clients', page, MAX_CLIENTS_OF)
      const rows = shaped<ClientRow[]>(clientsOf.all(parent, after, page.limit + 1))
      return toClientsOfPage(rows, page.limit, parent)
    },
  }
}

type DirectoryCommands = Pick<
  Commands,
  'createSubject' | 'updateSubject' | 'createClient' | 'updateClient'
>

export function directoryWriter(database: DatabaseSync): DirectoryCommands {
  const { findSubject, findClient } = directoryPointReader(database)
  const writeSubject = database.prepare(
    `INSERT OR REPLACE INTO subjects (id, name, username, email, phone, password_hash, standing,
       created_at_ms, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const writeClient = database.prepare(
    `INSERT OR REPLACE INTO clients (id, name, dialect, key, secret_hash, allowlist, redirect_uris,
       standing, created_at_ms, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const checkFree = (id: string, wanted: Partial<Identifiers>): void => {
    for (const by of ['username', 'email', 'phone'] as const) {
      const value = wanted[by]
      const holder = value === undefined ? undefined : findSubject({ by, value })
      if (holder !== undefined && holder.id !== id) taken(by)
    }
  }
  return {
    createSubject(given) {
      const subject = withNormalIdentifiers(given)
      if (findSubject({ by: 'id', value: subject.id })) taken('id')
      checkFree(subject.id, subject)
      writeSubject.run(...subjectValues(subject))
    },
    updateSubject(id, change) {
      const found = findSubject({ by: 'id', value: id }) ?? refuse({ kind: 'not_found' })
      const normal = withNormalIdentifiers(change)
      checkFree(id, normal)
      const changed: Subject = { ...found, ...defined(normal) }
      writeSubject.run(...subjectValues(changed))
      return changed
    },
    createClient(client) {
      if (findClient({ by: 'id', value: client.id })) taken('id')
      if (findClient({ by: 'key', dialect: client.dialect, value: client.key })) taken('key')
      writeClient.run(...clientValues(client))
    },
    updateClient(id, { attributesBefore, ...change }) {
      const found = findClient({ by: 'id', value: id }) ?? refuse({ kind: 'not_found' })
      if (
        attributesBefore !== undefined &&
        JSON.stringify(attributesBefore) !== JSON.stringify(found.attributes)
      ) {
        refuse({ kind: 'conflict', reason: 'its attributes have changed meanwhile' })
      }
      const changed: Client = { ...found, ...defined(change) }
      writeClient.run(...clientValues(changed))
      return changed
    },
  }
}

function taken(name: string): never {
  return refuse({ kind: 'conflict', reason: `the ${name} is taken` })
}
