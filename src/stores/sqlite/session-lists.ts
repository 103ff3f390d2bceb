/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { SessionFilter } from '../../ports/store.ts'
import type { Handlers, LongQueries, PointQueries } from '../commands.ts'
import { checkLimit, readCursor } from '../pages.ts'
import { participantsOf, toSessionPage, type ParticipantRow } from '../session-pages.ts'
import { shaped, toSession, type SessionRow } from './rows.ts'
import { generationsReader, isRevoked } from './sessions.ts'

type PointSessionQueries = Pick<
  PointQueries,
  'findSession' | 'findDeviceSession' | 'findRefreshToken' | 'generations'
>

export function sessionPointReader(database: DatabaseSync): Handlers<PointSessionQueries> {
  const bySid = database.prepare(
    'SELECT s.* FROM sessions s WHERE s.sid = ? ORDER BY s.participant_id LIMIT 1',
  )
  const byDevice = database.prepare(
    `SELECT s.* FROM sessions s
     WHERE s.device_key = :deviceKey AND s.expires_at_ms >= :nowMs AND NOT ${isRevoked('s')}
       AND ${isFirst(`NOT ${isRevoked('q')}`)}
     ORDER BY s.number DESC LIMIT 1`,
  )
  const byToken = database.prepare(
    `SELECT s.*, t.expires_at_ms AS token_expires_at_ms
     FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid AND s.participant_id = t.participant_id
     WHERE t.id = ? AND t.secret_hash = ?`,
  )
  return {
    findSession(sid) {
      const row = shaped<SessionRow | undefined>(bySid.get(sid))
      return row && toSession(row)
    },
    findDeviceSession({ deviceKey, nowMs }) {
      const row = shaped<SessionRow | undefined>(byDevice.get({ deviceKey, nowMs }))
      return row && toSession(row)
    },
    findRefreshToken({ id, secretHash }) {
      const row = shaped<(SessionRow & { token_expires_at_ms: number }) | undefined>(
        byToken.get(id, secretHash),
      )
      return row && { session: toSession(row), expiresAtMs: row.token_expires_at_ms }
    },
    generations: generationsReader(database),
  }
}

type LongSessionQueries = Pick<LongQueries, 'listSessions' | 'countSessions'>

export function sessionLongReader(database: DatabaseSync): Handlers<LongSessionQueries> {
  return {
    listSessions({ filter, nowMs, page }) {
      checkLimit(page.limit, 1000)
      const { where, values } = conditionsOf(filter, page.cursor)
      const found = `SELECT s.sid, s.number AS found FROM sessions s ${where}
        ORDER BY s.number DESC LIMIT :limit`
      const rows = database
        .prepare(participantsOf(found, 's.*', isRevoked('s')))
        .all({ ...values, limit: page.limit + 1 })
      return toSessionPage(shaped<ParticipantRow[]>(rows), page.limit, nowMs)
    },
    countSessions(filter) {
      const { where, values } = conditionsOf(filter, undefined)
      const sql = `SELECT count(*) AS count FROM sessions s ${where}`
      return shaped<{ count: number }>(database.prepare(sql).get(values)).count
    },
  }
}

/**
 * True for a row `s` that is the first of its session among those that the conditions find. The
 * client that opened a session comes first, and has nobody before it to look for.
 *
 * @param conditions On a row `q`.
 */
function isFirst(conditions: string): string {
  return `(s.participant_id = '' OR NOT EXISTS (SELECT 1 FROM sessions q
    WHERE q.sid = s.sid AND q.participant_id < s.participant_id AND ${conditions}))`
}

function conditionsOf(
  filter: SessionFilter,
  cursor: string | undefined,
): { readonly where: string; readonly values: Record<string, SQLInputValue> } {
  const columns = {
    sid: filter.sid,
    subject_id: filter.subjectId,
    client_id: filter.clientId,
    device_key: filter.deviceKey,
    dialect: filter.dialect,
  }
  const values: Record<string, SQLInputValue> = {}
  for (const [column, wanted] of Object.entries(columns)) {
    if (wanted !== undefined) values[column] = wanted
  }
  const named = Object.keys(values)
  if (filter.liveAtMs !== undefined) values['liveAtMs'] = filter.liveAtMs
  const conditionsOn = (row: string): string[] => [
    ...named.map((column) => `${row}.${column} = :${column}`),
    ...(filter.liveAtMs === undefined
      ? []
      : [`${row}.expires_at_ms >= :liveAtMs`, `NOT ${isRevoked(row)}`]),
  ]
  const conditions = [...conditionsOn('s'), isFirst(['true', ...conditionsOn('q')].join(' AND '))]
  if (cursor !== undefined) {
    conditions.push('s.number < :before')
    values['before'] = readCursor('sessions', cursor, 'number')
  }
  return { where: `WHERE ${conditions.join(' AND ')}`, values }
}
