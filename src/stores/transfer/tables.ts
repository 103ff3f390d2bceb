/** What a whole database consists of, in the form in which it goes from one store to another. */

import { sessionCounters } from '../../domain/scope.ts'
import { generationColumn } from '../ends.ts'

/** A question mark: it may be null. Bytes are base64 in a file. */
type Kind = 'text' | 'text?' | 'number' | 'number?' | 'bytes?'

/** A value in a row: bytes only where the column has them. */
export type Value = string | number | null | Uint8Array

/** Values in the order of the table's columns. */
export type Row = readonly Value[]

export type Counts = Readonly<Record<TableName, number>>

/**
 * In this order: what a row refers to comes before it. Entries of the log come stream by stream,
 * each from its first entry on; sessions, keys and deliveries from the oldest to the newest. Leases
 * and streams are not among them: leases belong to processes, and streams follow from the log.
 */
const kindsOfColumns = {
  subjects: {
    id: 'text',
    name: 'text',
    username: 'text?',
    email: 'text?',
    phone: 'text?',
    password_hash: 'text?',
    standing: 'text',
    created_at_ms: 'number',
    attributes: 'text',
  },
  clients: {
    id: 'text',
    name: 'text',
    dialect: 'text',
    key: 'text',
    secret_hash: 'text?',
    allowlist: 'text',
    redirect_uris: 'text',
    standing: 'text',
    created_at_ms: 'number',
    attributes: 'text',
  },
  signing_keys: {
    kid: 'text',
    algorithm: 'text',
    private_jwk: 'text',
    created_at_ms: 'number',
    retired_at_ms: 'number?',
    remove_after_ms: 'number?',
  },
  access_horizon: { number: 'number', until: 'text' },
  checkpoints: {
    stream: 'text',
    sequence: 'number',
    hash: 'text',
    kept: 'number',
    kept_hash: 'text',
    before_ms: 'number',
    at_ms: 'number',
    actor: 'text',
    seal: 'text',
  },
  log: {
    stream: 'text',
    sequence: 'number',
    id: 'text',
    scope: 'text',
    key: 'text',
    generation: 'number',
    reason: 'text',
    actor: 'text',
    note: 'text',
    at_ms: 'number',
    forget_after_ms: 'number',
    previous_hash: 'text',
    hash: 'text',
    version: 'number',
    issuer: 'text',
    cutoff_seconds: 'number',
  },
  generations: { scope: 'text', key: 'text', generation: 'number', forget_after_ms: 'number' },
  sessions: {
    sid: 'text',
    participant_id: 'text',
    subject_id: 'text',
    client_id: 'text',
    device_key: 'text?',
    dialect: 'text',
    created_at_ms: 'number',
    expires_at_ms: 'number',
    access_lifetime_ms: 'number',
    ...Object.fromEntries(sessionCounters.map((scope) => [generationColumn(scope), 'number'])),
    attributes: 'text',
  } as Readonly<Record<string, Kind>>,
  refresh_tokens: {
    id: 'text',
    sid: 'text',
    participant_id: 'text',
    secret_hash: 'text',
    expires_at_ms: 'number',
    used_at_ms: 'number?',
    grace_until_ms: 'number?',
    sealed_answer: 'bytes?',
  },
  tickets: {
    kind: 'text',
    key: 'text',
    value: 'text',
    expires_at_ms: 'number',
    attempts: 'number',
  },
  // Not how many sessions of an entry were looked at: sessions are numbered anew.
  delivery_cursors: { stream: 'text', sequence: 'number' },
  deliveries: {
    id: 'text',
    receiver: 'text',
    subject: 'text',
    revocation_id: 'text',
    facts: 'text',
    created_at_ms: 'number',
    state: 'text',
    attempts: 'number',
    due_at_ms: 'number',
    claimed_by: 'text?',
    last_error: 'text?',
    settled_at_ms: 'number?',
    failed_at_ms: 'number?',
  },
  foreign_sessions: {
    issuer: 'text',
    subject: 'text',
    session: 'text',
    client: 'text',
    since_seconds: 'number',
    first_seen_at_ms: 'number',
    last_seen_at_ms: 'number',
    expires_at_ms: 'number',
  },
  operators: {
    id: 'text',
    name: 'text',
    role: 'text',
    password_hash: 'text?',
    created_at_ms: 'number',
    identity: 'text?',
  },
  passkeys: {
    id: 'text',
    holder: 'text',
    public_key: 'text',
    counter: 'number',
    transports: 'text',
    created_at_ms: 'number',
    last_used_at_ms: 'number?',
    name: 'text',
  },
} as const

export type TableName = keyof typeof kindsOfColumns

export interface Table {
  readonly name: TableName
  readonly columns: Readonly<Record<string, Kind>>
}

export const tables: readonly Table[] = Object.entries(kindsOfColumns).map(([name, columns]) => ({
  name: name as TableName,
  columns,
}))

const byName = new Map(tables.map((table) => [table.name, table]))

export function tableOf(name: TableName): Table {
  const table = byName.get(name)
  if (table === undefined) throw new Error(`there is no table ${name}`)
  return table
}

/** Names of a table's columns, in the order of a row's values. */
export function columnsOf(name: TableName): readonly string[] {
  return Object.keys(tableOf(name).columns)
}

/** A row from an object that has a property for each column. */
export function rowOf(name: TableName, record: Readonly<Record<string, unknown>>): Row {
  return columnsOf(name).map((column) => record[column] as Value)
}

/** The value of one column of a row. */
export function valueOf(name: TableName, row: Row, column: string): Value {
  return row[columnsOf(name).indexOf(column)] ?? null
}

/** A row as it stands in a file: bytes as base64. */
export function toJson(row: Row): readonly (string | number | null)[] {
  return row.map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
}

/**
 * A row from a file.
 *
 * @returns Undefined where it does not have the table's form.
 */
export function fromJson(name: TableName, values: readonly unknown[]): Row | undefined {
  const kinds = Object.values(tableOf(name).columns)
  if (values.length !== kinds.length) return undefined
  const row: Value[] = []
  for (const [index, kind] of kinds.entries()) {
    const value = values[index]
    if (value === null && kind.endsWith('?')) row.push(null)
    else if (typeof value === 'string' && kind.startsWith('text')) row.push(value)
    else if (Number.isSafeInteger(value) && kind.startsWith('number')) row.push(value as number)
    else if (typeof value === 'string' && kind === 'bytes?') row.push(Buffer.from(value, 'base64'))
    else return undefined
  }
  return row
}

/** Those that are empty in a new database: `access_horizon` has one row from the first step on. */
export const emptyAtFirst: readonly TableName[] = tables
  .map(({ name }) => name)
  .filter((name) => name !== 'access_horizon')
