/** Short-lived records: one-time passwords, registration codes, authorization codes. */
import type { DatabaseSync } from 'node:sqlite'
import type { Commands, LongQueries, PointQueries } from '../commands.ts'
import { checkLimit } from '../pages.ts'
import { rowFinder, shaped, toTicket, type TicketRow } from './rows.ts'

type TicketCommands = Pick<Commands, 'putTicket' | 'addTicket' | 'takeTicket' | 'countAttempt'>

export function ticketWriter(database: DatabaseSync): TicketCommands {
  const put = database.prepare(
    `INSERT OR REPLACE INTO tickets (kind, key, value, expires_at_ms, attempts)
     VALUES (?, ?, ?, ?, 0)`,
  )
  const find = database.prepare('SELECT expires_at_ms FROM tickets WHERE kind = ? AND key = ?')
  const take = database.prepare('DELETE FROM tickets WHERE kind = ? AND key = ? RETURNING *')
  const count = database.prepare(
    'UPDATE tickets SET attempts = attempts + 1 WHERE kind = ? AND key = ? RETURNING attempts',
  )
  return {
    putTicket({ kind, key, value, expiresAtMs }) {
      put.run(kind, key, value, expiresAtMs)
    },
    addTicket({ kind, key, value, expiresAtMs }, nowMs) {
      const found = shaped<{ expires_at_ms: number } | undefined>(find.get(kind, key))
      if (found && nowMs <= found.expires_at_ms) return false
      put.run(kind, key, value, expiresAtMs)
      return true
    },
    takeTicket(kind, key) {
      const row = shaped<TicketRow | undefined>(take.get(kind, key))
      return row && toTicket(row)
    },
    countAttempt(kind, key) {
      return shaped<{ attempts: number } | undefined>(count.get(kind, key))?.attempts ?? 0
    },
  }
}

export function ticketPointReader(database: DatabaseSync): Pick<PointQueries, 'findTicket'> {
  const find = rowFinder<TicketRow>(database, 'SELECT * FROM tickets WHERE kind = ? AND key = ?')
  return {
    findTicket(kind, key) {
      const row = find(kind, key)
      return row && { ...toTicket(row), attempts: row.attempts }
    },
  }
}

export function ticketLongReader(database: DatabaseSync): Pick<LongQueries, 'listTickets'> {
  // The lower bound finds the place in the index; substr, which counts characters, ends the prefix.
  const list = database.prepare(
    `SELECT * FROM tickets WHERE kind = ?1 AND key >= coalesce(?4, ?2) AND key IS NOT ?4
       AND substr(key, 1, length(?2)) = ?2
     ORDER BY key LIMIT ?3`,
  )
  return {
    listTickets(kind, keyPrefix, limit, after) {
      checkLimit(limit, 10_000)
      return shaped<TicketRow[]>(list.all(kind, keyPrefix, limit, after ?? null)).map(toTicket)
    },
  }
}
