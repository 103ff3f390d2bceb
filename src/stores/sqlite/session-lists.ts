/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { ROWS_LOOKED_AT } from '../../ports/session-search.ts'
import type { ClientSessions, Openings, SessionFilter } from '../../ports/store.ts'
import type { LongQueries, PointQueries } from '../commands.ts'
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
  searchConditions,
  type LookedAt,
  type SearchConditions,
  type SearchForms,
} from '../session-searches.ts'
import { rowFinder, shaped, toSession, type SessionRow } from './rows.ts'
import { generationsReader, isRevoked } from './sessions.ts'

type PointSessionQueries = Pick<
  PointQueries,
  'findSession' | 'findSessionStatus' | 'findDeviceSession' | 'findRefreshToken' | 'generations'
>

export function sessionPointReader(database: DatabaseSync): PointSessionQueries {
  const bySid = rowFinder<SessionRow>(
    database,
    'SELECT s.* FROM sessions s WHERE s.sid = ? ORDER BY s.participant_id LIMIT 1',
  )
  const participants = database.prepare(participantsOfOne('s.*', isRevoked('s'), '?'))
  const byDevice = database.prepare(
    `SELECT s.* FROM sessions s
     WHERE s.device_key = :deviceKey AND s.expires_at_ms >= :nowMs AND NOT ${isRevoked('s')}
       AND ${isFirst(`NOT ${isRevoked('q')}`, { exists })}
     ORDER BY s.number DESC LIMIT 1`,
  )
  const byToken = rowFinder<SessionRow & { token_expires_at_ms: number }>(
    database,
    `SELECT s.*, t.expires_at_ms AS token_expires_at_ms
     FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid AND s.participant_id = t.participant_id
     WHERE t.id = ? AND t.secret_hash = ?`,
  )
  return {
    findSession(sid) {
      const row = bySid(sid)
      return row && toSession(row)
    },
    findSessionStatus(sid, nowMs) {
      const rows = shaped<ParticipantRow[]>(participants.all(sid))
      return rows.length === 0 ? undefined : toStatus(rows, nowMs)
    },
    findDeviceSession(deviceKey, nowMs) {
      const row = shaped<SessionRow | undefined>(byDevice.get({ deviceKey, nowMs }))
      return row && toSession(row)
    },
    findRefreshToken(id, secretHash) {
      const row = byToken(id, secretHash)
      return row && { session: toSession(row), expiresAtMs: row.token_expires_at_ms }
    },
    generations: generationsReader(database),
  }
}

type LongSessionQueries = Pick<
  LongQueries,
  'listSessions' | 'countSessions' | 'countSessionsByClient' | 'countOpenings'
>

export function sessionLongReader(database: DatabaseSync): LongSessionQueries {
  return {
    listSessions(filter, nowMs, page) {
      const { limit, lookAt = ROWS_LOOKED_AT } = page
      const before = newestPageStart('sessions', page)
      const { where, values } = conditionsOf(filter)
      const { floor, ...range } = lookedAt(database, filter, { before, lookAt })
      const found = `SELECT s.sid, s.number AS found FROM sessions s ${where} AND ${inRange}
        ORDER BY s.number DESC LIMIT :limit`
      const rows = database
        .prepare(participantsOf(found, 's.*', isRevoked('s')))
        .all({ ...values, ...range, limit: limit + 1 })
      return toSessionPage(shaped<ListedRow[]>(rows), { limit, nowMs, floor })
    },
    countSessions(filter, bounds) {
      const { atMost, lookAt } = { ...countAll, ...bounds }
      const { where, values } = conditionsOf(filter)
      const { floor, ...range } = lookedAt(database, filter, { before: FIRST, lookAt })
      const sql = `SELECT count(*) AS count FROM (
        SELECT 1 FROM sessions s ${where} AND ${inRange} LIMIT :limit)`
      const row = database.prepare(sql).get({ ...values, ...range, limit: atMost + 1 })
      return toSessionCount(shaped<{ count: number }>(row).count, atMost, floor)
    },
    countSessionsByClient(filter, limit) {
      checkLimit(limit, 1000)
      const { ofRow, values } = conditionsOf(filter)
      const sql = `SELECT client_id AS clientId, count(DISTINCT sid) AS sessions FROM sessions s
        WHERE ${ofRow} GROUP BY client_id ORDER BY sessions DESC, client_id LIMIT :limit`
      return shaped<ClientSessions[]>(database.prepare(sql).all({ ...values, limit }))
    },
    countOpenings({ fromMs, stepMs }) {
      const sql = `SELECT created_at_ms / CAST(:stepMs AS INTEGER) * CAST(:stepMs AS INTEGER) AS fromMs, count(*) AS sessions
        FROM sessions WHERE created_at_ms >= :fromMs AND participant_id = '' GROUP BY 1 ORDER BY 1`
      return shaped<Openings[]>(database.prepare(sql).all({ fromMs, stepMs }))
    },
  }
}

/** @param bounds `before` is where the page begins. */
function lookedAt(
  database: DatabaseSync,
  filter: SessionFilter,
  { before, lookAt }: { readonly before: number; readonly lookAt: number },
): LookedAt {
  function boundOf(name: keyof typeof numberBounds, none: number): number | undefined {
    const moment = filter[name]
    if (moment === undefined) return undefined
    const row = database.prepare(numberBounds[name]('?1')).get(moment)
    return shaped<{ bound: number | null }>(row).bound ?? none
  }
  const range = {
    before: Math.min(before, boundOf('openedUntilMs', LAST) ?? FIRST),
    above: boundOf('openedFromMs', FIRST) ?? LAST,
  }
  const { ofRow, values } = conditionsOf(indexedOf(filter))
  const row = database
    .prepare(
      `SELECT s.number FROM sessions s WHERE ${ofRow} AND ${inRange}
       ORDER BY s.number DESC LIMIT 1 OFFSET :lookAt`,
    )
    .get({ ...values, ...range, lookAt })
  const floor = shaped<{ number: number } | undefined>(row)?.number
  return { ...range, ...(floor === undefined ? {} : { above: floor }), floor }
}

const inRange = 's.number < :before AND s.number > :above'

export const exists = (rows: string): string => `EXISTS (SELECT 1 FROM ${rows})`

const forms: SearchForms = {
  addressOf: (row) => `json_extract(${row}.attributes, '$.address')`,
  isRevoked,
  exists,
  placeOf: (name) => `:${name}`,
}

function conditionsOf(
  filter: SessionFilter,
): SearchConditions & { readonly values: Record<string, SQLInputValue> } {
  const conditions = searchConditions(filter, forms)
  const values = Object.fromEntries(conditions.wanted.map((name) => [name, filter[name] ?? null]))
  return { ...conditions, values }
}
