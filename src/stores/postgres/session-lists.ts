/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { Generations } from '../../domain/generation.ts'
import type { Session, SessionNames, SessionStatus } from '../../domain/session.ts'
import { ROWS_LOOKED_AT } from '../../ports/session-search.ts'
import type {
  ClientSessions,
  CountBounds,
  Openings,
  OpeningsRequest,
  Page,
  SessionCount,
  SessionFilter,
  SearchPageRequest,
} from '../../ports/store.ts'
import { checkLimit, newestPageStart } from '../pages.ts'
import {
  countAll,
  participantsOf,
  participantsOfOne,
  toSessionCount,
  toSessionPage,
  toStatus,
  type ListedRow,
  type ParticipantRow,
} from '../session-pages.ts'
import {
  FIRST,
  indexedOf,
  isFirst,
  LAST,
  numberBounds,
  type LookedAt,
} from '../session-searches.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toSession, type SessionRow } from './rows.ts'
import { toGenerations, type GenerationColumns } from '../rows.ts'
import { conditionsOf, listOf, shortNames } from './session-searches.ts'
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

const participants: Statement = {
  name: 'session_status',
  text: participantsOfOne(columns, isRevoked('s'), '$1'),
}

export async function findSessionStatus(
  link: Link,
  sid: string,
  nowMs: number,
): Promise<SessionStatus | undefined> {
  const rows = await link.run<ParticipantRow>(participants, [sid])
  return rows.length === 0 ? undefined : toStatus(rows, nowMs)
}

const byDevice: Statement = {
  name: 'session_of_device',
  text: `SELECT ${columns} FROM sessions s
    WHERE s.device_key = $1 AND s.expires_at_ms >= $2 AND NOT ${isRevoked('s')}
      AND ${isFirst(`NOT ${isRevoked('q')}`, { exists })}
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

export async function listSessions(
  link: Link,
  filter: SessionFilter,
  nowMs: number,
  page: SearchPageRequest,
): Promise<Page<SessionStatus>> {
  const { limit, lookAt = ROWS_LOOKED_AT } = page
  const before = newestPageStart('sessions', page)
  const { where, inRange, newestFirst, values, place, name } = listOf(filter)
  const { floor, ...range } = await lookedAt(link, filter, { before, lookAt })
  const found = `SELECT s.sid, s.number AS found FROM sessions s ${where} AND ${inRange}
    ${newestFirst} LIMIT ${place(3)}`
  const rows = await link.run<ListedRow>(
    { name: `sessions_list_${name}`, text: participantsOf(found, columns, isRevoked('s')) },
    [...values, range.before, range.above, limit + 1],
  )
  return toSessionPage(rows, { limit, nowMs, floor })
}

/** @param bounds `before` is where the page begins. */
async function lookedAt(
  link: Link,
  filter: SessionFilter,
  { before, lookAt }: { readonly before: number; readonly lookAt: number },
): Promise<LookedAt> {
  async function boundOf(name: keyof typeof numberBounds, none: number) {
    if (filter[name] === undefined) return undefined
    const text = numberBounds[name]('$1')
    const statement = { name: `sessions_${shortNames[name]}`, text }
    const [row] = await link.run<{ bound: number | null }>(statement, [filter[name]])
    return row?.bound ?? none
  }
  const until = await boundOf('openedUntilMs', LAST)
  const range = {
    before: Math.min(before, until ?? FIRST),
    above: (await boundOf('openedFromMs', FIRST)) ?? LAST,
  }
  const { ofRow, inRange, newestFirst, values, place, name } = listOf(indexedOf(filter))
  const [row] = await link.run<{ number: number }>(
    {
      name: `sessions_floor_${name}`,
      text: `SELECT s.number FROM sessions s WHERE ${ofRow} AND ${inRange}
        ${newestFirst} LIMIT 1 OFFSET ${place(3)}`,
    },
    [...values, range.before, range.above, lookAt],
  )
  return { ...range, ...(row && { above: row.number }), floor: row?.number }
}

export async function countSessions(
  link: Link,
  filter: SessionFilter,
  bounds: CountBounds = countAll,
): Promise<SessionCount> {
  const { atMost, lookAt } = { ...countAll, ...bounds }
  const { where, inRange, newestFirst, values, place, name } = listOf(filter)
  const { floor, ...range } = await lookedAt(link, filter, { before: FIRST, lookAt })
  const [row] = await link.run<{ count: number }>(
    {
      name: `sessions_count_${name}`,
      text: `SELECT count(*) AS count FROM (
        SELECT 1 FROM sessions s ${where} AND ${inRange}
        ${newestFirst} LIMIT ${place(3)}) AS f`,
    },
    [...values, range.before, range.above, atMost + 1],
  )
  return toSessionCount(row?.count ?? 0, atMost, floor)
}

export async function countSessionsByClient(
  link: Link,
  filter: SessionFilter,
  limit: number,
): Promise<readonly ClientSessions[]> {
  checkLimit(limit, 1000)
  const { ofRow, values, name } = conditionsOf(filter)
  const rows = await link.run<{ client_id: string; sessions: number }>(
    {
      name: `sessions_by_client_${name}`,
      text: `SELECT s.client_id, count(DISTINCT s.sid) AS sessions FROM sessions s
        WHERE ${ofRow} GROUP BY s.client_id
        ORDER BY sessions DESC, s.client_id LIMIT $${String(values.length + 1)}`,
    },
    [...values, limit],
  )
  return rows.map(({ client_id: clientId, sessions }) => ({ clientId, sessions }))
}

const openings: Statement = {
  name: 'sessions_openings',
  text: `SELECT s.created_at_ms / $2::bigint * $2::bigint AS from_ms, count(*) AS sessions FROM sessions s
    WHERE s.created_at_ms >= $1 AND s.participant_id = '' GROUP BY 1 ORDER BY 1`,
}

export async function countOpenings(
  link: Link,
  { fromMs, stepMs }: OpeningsRequest,
): Promise<readonly Openings[]> {
  const rows = await link.run<{ from_ms: number; sessions: number }>(openings, [fromMs, stepMs])
  return rows.map(({ from_ms, sessions }) => ({ fromMs: from_ms, sessions }))
}
