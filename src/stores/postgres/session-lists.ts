/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { Generations } from '../../domain/generation.ts'
import type { Session, SessionNames, SessionStatus } from '../../domain/session.ts'
import type {
  ClientSessions,
  Openings,
  OpeningsRequest,
  Page,
  PageRequest,
  SessionFilter,
} from '../../ports/store.ts'
import { checkLimit, readCursor } from '../pages.ts'
import {
  participantsOf,
  participantsOfOne,
  toSessionPage,
  toStatus,
  type ListedRow,
  type ParticipantRow,
} from '../session-pages.ts'
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
 * client that opened a session comes first, so there is no earlier one to look for.
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
  const rows = await link.run<ListedRow>(
    { name: `sessions_list_${name}`, text: participantsOf(found, columns, isRevoked('s')) },
    [...values, before, page.limit + 1],
  )
  return toSessionPage(rows, page.limit, nowMs)
}

export async function countSessions(
  link: Link,
  filter: SessionFilter,
  atMost: number = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  const { where, values, name } = conditionsOf(filter)
  const [row] = await link.run<{ count: number }>(
    {
      name: `sessions_count_${name}`,
      text: `SELECT count(*) AS count FROM (
        SELECT 1 FROM sessions s ${where} LIMIT $${String(values.length + 1)}) AS f`,
    },
    [...values, atMost],
  )
  return row?.count ?? 0
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

/** The condition that one row must meet: on a row of any name, with the place of the value. */
const conditionOf: Readonly<Record<keyof SessionFilter, (row: string, value: string) => string>> = {
  sid: (row, value) => `${row}.sid = ${value}`,
  subjectId: (row, value) => `${row}.subject_id = ${value}`,
  clientId: (row, value) => `${row}.client_id = ${value}`,
  deviceKey: (row, value) => `${row}.device_key = ${value}`,
  dialect: (row, value) => `${row}.dialect = ${value}`,
  address: (row, value) => `substring(${row}.attributes, '"address":"([^"]*)"') = ${value}`,
  openedFromMs: (row, value) => `${row}.created_at_ms >= ${value}`,
  openedUntilMs: (row, value) => `${row}.created_at_ms <= ${value}`,
  liveAtMs: (row, value) => `${row}.expires_at_ms >= ${value} AND NOT ${isRevoked(row)}`,
}

/**
 * Lists are read in the order of the numbers. So a time is also said as a bound of them, which an
 * index finds: without it everything that is newer would be read and thrown away.
 */
const boundOf: Partial<Record<keyof SessionFilter, (value: string) => string>> = {
  openedFromMs: (value) =>
    `s.number >= (SELECT min(b.number) FROM sessions b WHERE b.created_at_ms >= ${value})`,
  openedUntilMs: (value) =>
    `s.number <= (SELECT max(b.number) FROM sessions b WHERE b.created_at_ms <= ${value})`,
}

/** The conditions of a list; the same ones in the same order have the same name. */
function conditionsOf(filter: SessionFilter): {
  readonly where: string
  /** Of a row `s` by itself, whichever of its session it is. */
  readonly ofRow: string
  readonly values: readonly unknown[]
  readonly name: string
} {
  const names = Object.keys(conditionOf) as (keyof SessionFilter)[]
  const wanted = names.filter((name) => filter[name] !== undefined)
  const place = (index: number): string => `$${String(index + 1)}`
  const conditionsOn = (row: string): readonly string[] => [
    'true',
    ...wanted.map((name, index) => conditionOf[name](row, place(index))),
  ]
  const bounds = wanted.flatMap((name, index) => boundOf[name]?.(place(index)) ?? [])
  const ofRow = [...conditionsOn('s'), ...bounds].join(' AND ')
  return {
    where: `WHERE ${ofRow} AND ${isFirst(conditionsOn('q').join(' AND '))}`,
    ofRow,
    values: wanted.map((name) => filter[name]),
    // The server cuts names at 63 bytes.
    name: wanted.map((name) => shortNames[name]).join('_'),
  }
}

const shortNames: Readonly<Record<keyof SessionFilter, string>> = {
  sid: 'sid',
  subjectId: 'sub',
  clientId: 'cli',
  deviceKey: 'dev',
  dialect: 'dia',
  address: 'adr',
  openedFromMs: 'frm',
  openedUntilMs: 'til',
  liveAtMs: 'liv',
}
