/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { Generations } from '../../domain/generation.ts'
import type { Session, SessionStatus } from '../../domain/session.ts'
import type { Page, PageRequest, SessionFilter } from '../../ports/store.ts'
import { checkLimit, readCursor, toPage, writeCursor } from '../pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toSession, type SessionRow } from './rows.ts'
import { toGenerations, type GenerationColumns } from '../rows.ts'
import { generationsOf, sessionIsRevoked } from './sessions.ts'

const columns = allOf('sessions', 's')

const bySid: Statement = {
  name: 'session_find',
  text: `SELECT ${columns} FROM sessions s WHERE s.sid = $1`,
}

export async function findSession(link: Link, sid: string): Promise<Session | undefined> {
  const [row] = await link.run<SessionRow>(bySid, [sid])
  return row && toSession(row)
}

const byDevice: Statement = {
  name: 'session_of_device',
  text: `SELECT ${columns} FROM sessions s
    WHERE s.device_key = $1 AND s.expires_at_ms >= $2 AND NOT ${sessionIsRevoked}
    ORDER BY s.number DESC LIMIT 1`,
}

export async function findDeviceSession(
  link: Link,
  deviceKey: string,
  nowMs: number,
): Promise<Session | undefined> {
  const [row] = await link.run<SessionRow>(byDevice, [deviceKey, nowMs])
  return row && toSession(row)
}

const byToken: Statement = {
  name: 'session_of_token',
  text: `SELECT ${columns}, t.expires_at_ms AS token_expires_at_ms
    FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid
    WHERE t.id = $1 AND t.secret_hash = $2`,
}

export async function findRefreshToken(
  link: Link,
  id: string,
  secretHash: string,
): Promise<{ readonly session: Session; readonly expiresAtMs: number } | undefined> {
  const [row] = await link.run<SessionRow & { token_expires_at_ms: number }>(byToken, [
    id,
    secretHash,
  ])
  return row && { session: toSession(row), expiresAtMs: row.token_expires_at_ms }
}

const counters: Statement = {
  name: 'generations_of',
  text: `SELECT ${generationsOf('g')}
    FROM (SELECT $1::text AS subject_id, $2::text AS client_id, $3::text AS device_key) AS g`,
}

export async function generations(
  link: Link,
  of: {
    readonly subjectId: string
    readonly clientId: string
    readonly deviceKey: string | undefined
  },
): Promise<Generations> {
  const [row] = await link.run<GenerationColumns>(counters, [
    of.subjectId,
    of.clientId,
    of.deviceKey ?? null,
  ])
  if (row === undefined) throw new Error('a query that always has one row had none')
  return toGenerations(row)
}

export async function listSessions(
  link: Link,
  filter: SessionFilter,
  nowMs: number,
  page: PageRequest,
): Promise<Page<SessionStatus>> {
  checkLimit(page.limit, 1000)
  const query = new Conditions(filter)
  if (page.cursor !== undefined) {
    query.add('s.number < ?', readCursor('sessions', page.cursor, 'number'))
  }
  const { where, values, name } = query
  const rows = await link.run<SessionRow & { revoked: boolean }>(
    {
      name: `sessions_list_${name}`,
      text: `SELECT ${columns}, ${sessionIsRevoked} AS revoked FROM sessions s ${where}
        ORDER BY s.number DESC LIMIT $${String(values.length + 1)}`,
    },
    [...values, page.limit + 1],
  )
  return toPage(
    rows,
    page.limit,
    (row) => ({ session: toSession(row), state: stateOf(row, nowMs) }),
    (row) => writeCursor('sessions', row.number),
  )
}

function stateOf(row: SessionRow & { revoked: boolean }, nowMs: number): SessionStatus['state'] {
  if (row.revoked) return 'revoked'
  return nowMs > row.expires_at_ms ? 'expired' : 'live'
}

export async function countSessions(link: Link, filter: SessionFilter): Promise<number> {
  const { where, values, name } = new Conditions(filter)
  const [row] = await link.run<{ count: number }>(
    {
      name: `sessions_count_${name}`,
      text: `SELECT count(*) AS count FROM sessions s ${where}`,
    },
    values,
  )
  return row?.count ?? 0
}

/** The conditions of a list; the same ones in the same order have the same name. */
class Conditions {
  readonly #texts: string[] = []
  readonly #names: string[] = []
  readonly values: unknown[] = []

  constructor(filter: SessionFilter) {
    if (filter.subjectId !== undefined) this.add('s.subject_id = ?', filter.subjectId)
    if (filter.clientId !== undefined) this.add('s.client_id = ?', filter.clientId)
    if (filter.deviceKey !== undefined) this.add('s.device_key = ?', filter.deviceKey)
    if (filter.dialect !== undefined) this.add('s.dialect = ?', filter.dialect)
    if (filter.liveAtMs !== undefined) {
      this.add(`NOT ${sessionIsRevoked} AND s.expires_at_ms >= ?`, filter.liveAtMs)
    }
  }

  add(condition: string, value: unknown): void {
    this.values.push(value)
    this.#texts.push(condition.replace('?', `$${String(this.values.length)}`))
    // The server cuts names at 63 bytes: the third letters of the columns tell them apart.
    this.#names.push(/s\.(\w+) [=<>]+ \?/.exec(condition)?.[1]?.slice(0, 3) ?? '')
  }

  get where(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`
  }

  get name(): string {
    return this.#names.join('_')
  }
}
