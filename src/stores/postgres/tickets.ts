/** Short-lived records: one-time passwords, registration codes, authorization codes. */
import type { Ticket } from '../../ports/ticket.ts'
import { checkLimit } from '../pages.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toTicket, type TicketRow } from './rows.ts'

const columns = allOf('tickets', 't')

const insert = `INSERT INTO tickets (kind, key, value, expires_at_ms, attempts)
  VALUES ($1, $2, $3, $4, 0) ON CONFLICT (kind, key) DO UPDATE
  SET value = excluded.value, expires_at_ms = excluded.expires_at_ms, attempts = 0`

const put: Statement = { name: 'ticket_put', text: insert }

export async function putTicket(connection: Connection, ticket: Ticket): Promise<void> {
  await connection.run(put, [ticket.kind, ticket.key, ticket.value, ticket.expiresAtMs])
}

const add: Statement = {
  name: 'ticket_add',
  text: `${insert} WHERE tickets.expires_at_ms < $5 RETURNING 1`,
}

export async function addTicket(
  connection: Connection,
  { kind, key, value, expiresAtMs }: Ticket,
  nowMs: number,
): Promise<boolean> {
  const added = await connection.run(add, [kind, key, value, expiresAtMs, nowMs])
  return added.length === 1
}

const take: Statement = {
  name: 'ticket_take',
  text: `DELETE FROM tickets t WHERE t.kind = $1 AND t.key = $2 RETURNING ${columns}`,
}

export async function takeTicket(
  connection: Connection,
  kind: string,
  key: string,
): Promise<Ticket | undefined> {
  const [row] = await connection.run<TicketRow>(take, [kind, key])
  return row && toTicket(row)
}

const count: Statement = {
  name: 'ticket_count',
  text: 'UPDATE tickets SET attempts = attempts + 1 WHERE kind = $1 AND key = $2 RETURNING attempts',
}

export async function countAttempt(
  connection: Connection,
  kind: string,
  key: string,
): Promise<number> {
  const [row] = await connection.run<{ attempts: number }>(count, [kind, key])
  return row?.attempts ?? 0
}

const find: Statement = {
  name: 'ticket_find',
  text: `SELECT ${columns} FROM tickets t WHERE t.kind = $1 AND t.key = $2`,
}

export async function findTicket(
  link: Link,
  kind: string,
  key: string,
): Promise<(Ticket & { readonly attempts: number }) | undefined> {
  const [row] = await link.run<TicketRow>(find, [kind, key])
  return row && { ...toTicket(row), attempts: row.attempts }
}

// The lower bound finds the place in the index; left, which counts characters, ends the prefix.
const list: Statement = {
  name: 'ticket_list',
  text: `SELECT ${columns} FROM tickets t
    WHERE t.kind = $1 AND t.key >= coalesce($4::text, $2::text)
      AND t.key IS DISTINCT FROM $4::text AND left(t.key, length($2::text)) = $2::text
    ORDER BY t.key LIMIT $3`,
}

export async function listTickets(
  link: Link,
  kind: string,
  keyPrefix: string,
  limit: number,
  after?: string,
): Promise<readonly Ticket[]> {
  checkLimit(limit, 10_000)
  const rows = await link.run<TicketRow>(list, [kind, keyPrefix, limit, after ?? null])
  return rows.map(toTicket)
}
