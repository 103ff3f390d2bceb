/** People and clients as values of the columns of their tables, in the order of the statements. */
import type { Client, Subject } from '../domain/identity.ts'

type ColumnValue = string | number | null

export function subjectValues(subject: Subject): ColumnValue[] {
  return [
    subject.id,
    subject.name,
    subject.username ?? null,
    subject.email ?? null,
    subject.phone ?? null,
    subject.passwordHash ?? null,
    subject.status,
    subject.createdAtMs,
    JSON.stringify(subject.attributes),
  ]
}

export function clientValues(client: Client): ColumnValue[] {
  return [
    client.id,
    client.name,
    client.dialect,
    client.key,
    client.secretHash ?? null,
    JSON.stringify(client.allowlist),
    JSON.stringify(client.redirectUris),
    client.status,
    client.createdAtMs,
    JSON.stringify(client.attributes),
  ]
}
