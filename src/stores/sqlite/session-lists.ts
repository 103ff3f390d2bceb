/** Looking sessions up: one by its name, its device or its refresh token, and many in pages. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { SessionStatus } from '../../domain/session.ts'
import type { SessionFilter } from '../../ports/store.ts'
import type { Handlers, LongQueries, PointQueries } from '../commands.ts'
import { checkLimit, readCursor, toPage, writeCursor } from '../pages.ts'
import { shaped, toSession, type SessionRow } from './rows.ts'
import { generationsReader, sessionIsRevoked } from './sessions.ts'

type PointSessionQueries = Pick<
  PointQueries,
  'findSession' | 'findDeviceSession' | 'findRefreshToken' | 'generations'
>

export function sessionPointReader(database: DatabaseSync): Handlers<PointSessionQueries> {
  const bySid = database.prepare('SELECT s.* FROM sessions s WHERE s.sid = ?')
  const byDevice = database.prepare(
    `SELECT s.* FROM sessions s
     WHERE s.device_key = ? AND s.expires_at_ms >= ? AND NOT ${sessionIsRevoked}
     ORDER BY s.number DESC LIMIT 1`,
  )
  const byToken = database.prepare(
    `SELECT s.*, t.expires_at_ms AS token_expires_at_ms
     FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid
     WHERE t.id = ? AND t.secret_hash = ?`,
  )
  return {
    findSession(sid) {
      const row = shaped<SessionRow | undefined>(bySid.get(sid))
      return row && toSession(row)
    },
    findDeviceSession({ deviceKey, nowMs }) {
      const row = shaped<SessionRow | undefined>(byDevice.get(deviceKey, nowMs))
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
      const { conditions, values } = conditionsOf(filter)
      if (page.cursor !== undefined) {
        conditions.push('s.number < ?')
        values.push(readCursor('sessions', page.cursor, 'number'))
      }
      const rows = shaped<(SessionRow & { revoked: number })[]>(
        database
          .prepare(
            `SELECT s.*, ${sessionIsRevoked} AS revoked FROM sessions s ${where(conditions)}
             ORDER BY s.number DESC LIMIT ?`,
          )
          .all(...values, page.limit + 1),
      )
      return toPage(
        rows,
        page.limit,
        (row) => ({ session: toSession(row), state: stateOf(row, nowMs) }),
        (row) => writeCursor('sessions', row.number),
      )
    },
    countSessions(filter) {
      const { conditions, values } = conditionsOf(filter)
      const row = shaped<{ count: number }>(
        database
          .prepare(`SELECT count(*) AS count FROM sessions s ${where(conditions)}`)
          .get(...values),
      )
      return row.count
    },
  }
}

function stateOf(row: SessionRow & { revoked: number }, nowMs: number): SessionStatus['state'] {
  if (row.revoked === 1) return 'revoked'
  return nowMs > row.expires_at_ms ? 'expired' : 'live'
}

function conditionsOf(filter: SessionFilter): { conditions: string[]; values: SQLInputValue[] } {
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  const columns = {
    subject_id: filter.subjectId,
    client_id: filter.clientId,
    device_key: filter.deviceKey,
    dialect: filter.dialect,
  }
  for (const [column, wanted] of Object.entries(columns)) {
    if (wanted === undefined) continue
    conditions.push(`s.${column} = ?`)
    values.push(wanted)
  }
  if (filter.liveAtMs !== undefined) {
    conditions.push('s.expires_at_ms >= ?', `NOT ${sessionIsRevoked}`)
    values.push(filter.liveAtMs)
  }
  return { conditions, values }
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}
