/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { Generations } from '../../domain/generation.ts'
import type { Session, SessionNames, SessionStatus } from '../../domain/session.ts'
import type { Page, PageRequest, SessionFilter } from '../../ports/store.ts'
import { checkLimit, readCursor } from '../pages.ts'
import { participantsOf, toSessionPage, type ParticipantRow } from '../session-pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toSession, type SessionRow } from './rows.ts'
import { toGenerations, type GenerationColumns } from '../rows.ts'
import { exists, generationsOf, isRevoked } from './sessions.ts'

const columns = allOf('sessions', 's')

const bySid: Statement = {
  name: 'session_find',
  text: `SELECT ${columns} FROM sessions s WHERE s.sid = $1
    ORDER BY s.participant_id LIMIT 1`,
}

export async function findSession(link: Link, sid: string): Promise<Session | undefined> {
  const [row] = await link.run<SessionRow>(bySid, [sid])
  return row && toSession(row)
}

const byDevice: Statement = {
  name: 'session_of_device',
  text: `SELECT ${columns} FROM sessions s
    WHERE s.device_key = $1 AND s.expires_at_ms >= $2 AND NOT ${isRevoked('s')}
      AND ${isFirst(`NOT ${isRevoked('q')}`)}
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
    FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid AND s.participant_id = t.participant_id
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
    FROM (SELECT $1::text AS subject_id, $2::text AS client_id, $3::text AS device_key,
      $4::text AS sid) AS g`,
}

export async function generations(link: Link, of: SessionNames): Promise<Generations> {
  const [row] = await link.run<GenerationColumns>(counters, [
    of.subjectId,
    of.clientId,
    of.deviceKey ?? null,
    of.sid ?? null,
  ])
  if (row === undefined) throw new Error('a query that always has one row had none')
  return toGenerations(row)
}

/**
 * True for a row `s` that is the first of its session among those that the conditions find. The
 * client that opened a session comes first, and has nobody before it to look for.
 *
 * @param conditions On a row `q`.
 */
function isFirst(conditions: string): string {
  return `(s.participant_id = '' OR NOT ${exists(`sessions q WHERE q.sid = s.sid
    AND q.participant_id < s.participant_id AND ${conditions}`)})`
}

export async function listSessions(
  link: Link,
  filter: SessionFilter,
  nowMs: number,
  page: PageRequest,
): Promise<Page<SessionStatus>> {
  checkLimit(page.limit, 1000)
  const { where, values, name } = conditionsOf(filter)
  const before =
    page.cursor === undefined
      ? Number.MAX_SAFE_INTEGER
      : readCursor('sessions', page.cursor, 'number')
  const place = (index: number): string => `$${String(values.length + index)}`
  const found = `SELECT s.sid, s.number AS found FROM sessions s
    ${where} AND s.number < ${place(1)} ORDER BY s.number DESC LIMIT ${place(2)}`
  const rows = await link.run<ParticipantRow>(
    { name: `sessions_list_${name}`, text: participantsOf(found, columns, isRevoked('s')) },
    [...values, before, page.limit + 1],
  )
  return toSessionPage(rows, page.limit, nowMs)
}

export async function countSessions(link: Link, filter: SessionFilter): Promise<number> {
  const { where, values, name } = conditionsOf(filter)
  const [row] = await link.run<{ count: number }>(
    { name: `sessions_count_${name}`, text: `SELECT count(*) AS count FROM sessions s ${where}` },
    values,
  )
  return row?.count ?? 0
}

/** The conditions of a list; the same ones in the same order have the same name. */
function conditionsOf(filter: SessionFilter): {
  readonly where: string
  readonly values: readonly unknown[]
  readonly name: string
} {
  const wanted = Object.entries({
    sid: filter.sid,
    subject_id: filter.subjectId,
    client_id: filter.clientId,
    device_key: filter.deviceKey,
    dialect: filter.dialect,
    live: filter.liveAtMs,
  }).filter(([, value]) => value !== undefined)
  const conditionsOn = (row: string): string => {
    const conditions = wanted.map(([column], index) => {
      const value = `$${String(index + 1)}`
      return column === 'live'
        ? `${row}.expires_at_ms >= ${value} AND NOT ${isRevoked(row)}`
        : `${row}.${column} = ${value}`
    })
    return ['true', ...conditions].join(' AND ')
  }
  return {
    where: `WHERE ${conditionsOn('s')} AND ${isFirst(conditionsOn('q'))}`,
    values: wanted.map(([, value]) => value),
    // The server cuts names at 63 bytes.
    name: wanted.map(([column]) => column.slice(0, 3)).join('_'),
  }
}
