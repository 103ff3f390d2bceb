/** Removing what has expired, and proving that a commit is possible. The log is cut: see `cut.ts`. */
import type { DatabaseSync } from 'node:sqlite'
import { DEAD_KEPT_MS, DELIVERED_KEPT_MS, MAX_COUNTED_STEP_MS } from '../../ports/delivery.ts'
import type { Commands } from '../commands.ts'
import { checkLimit } from '../pages.ts'
import { shaped } from './rows.ts'

export function maintenanceWriter(database: DatabaseSync): Pick<Commands, 'sweep' | 'probe'> {
  const remove = (table: string, key: string, column: string) =>
    database.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (
         SELECT ${key} FROM ${table} WHERE ${column} < ? ORDER BY ${column} LIMIT ?)`,
    )
  const sessions = remove('sessions', 'number', 'expires_at_ms')
  const refreshTokens = remove('refresh_tokens', 'id', 'expires_at_ms')
  const tickets = remove('tickets', 'kind, key', 'expires_at_ms')
  const keys = remove('signing_keys', 'number', 'remove_after_ms')
  const foreign = remove('foreign_sessions', 'issuer, subject, session, client', 'expires_at_ms')
  // A sealed answer is worth keeping for its grace alone; its token stays, so that reuse is noticed.
  const answers = database.prepare(
    `UPDATE refresh_tokens SET sealed_answer = NULL WHERE id IN (
       SELECT id FROM refresh_tokens WHERE sealed_answer IS NOT NULL AND grace_until_ms <= ?
       ORDER BY grace_until_ms LIMIT ?)`,
  )
  // What is owed is derived from the sessions that an entry ended, as they were at its time.
  const unplanned = database.prepare(
    `SELECT min(at_ms) AS atMs FROM (
       SELECT at_ms FROM log WHERE position > (
         SELECT max(s.first_position - 1 + coalesce(c.sequence, 0))
         FROM streams s LEFT JOIN delivery_cursors c ON c.stream = s.name)
       ORDER BY position LIMIT 10000)`,
  )
  const tick = database.prepare(
    `UPDATE retention_clock SET reached_ms = :nowMs,
       counted_ms = counted_ms + min(:nowMs - reached_ms, ${MAX_COUNTED_STEP_MS})
     WHERE reached_ms < :nowMs`,
  )
  const keep = database.prepare(
    `UPDATE deliveries SET counted_from_ms = (SELECT counted_ms FROM retention_clock)
     WHERE number IN (
       SELECT number FROM deliveries WHERE settled_at_ms IS NOT NULL AND counted_from_ms IS NULL
       ORDER BY number LIMIT ?)`,
  )
  const deliveries = database.prepare(
    `DELETE FROM deliveries WHERE number IN (
       SELECT number FROM deliveries
       WHERE counted_from_ms < (SELECT counted_ms FROM retention_clock) - ${DELIVERED_KEPT_MS}
         AND (state = 'delivered' OR counted_from_ms <
           (SELECT counted_ms FROM retention_clock) - ${DEAD_KEPT_MS})
       ORDER BY counted_from_ms LIMIT ?)`,
  )
  const probe = database.prepare('UPDATE probes SET commits = commits + 1')
  return {
    sweep(nowMs, limit) {
      checkLimit(limit, 100_000)
      answers.run(nowMs, limit)
      tick.run({ nowMs })
      keep.run(limit)
      const { atMs } = shaped<{ atMs: number | null }>(unplanned.get())
      return {
        sessions: Number(sessions.run(Math.min(nowMs, atMs ?? nowMs), limit).changes),
        refreshTokens: Number(refreshTokens.run(nowMs, limit).changes),
        tickets: Number(tickets.run(nowMs, limit).changes),
        keys: Number(keys.run(nowMs, limit).changes),
        deliveries: Number(deliveries.run(limit).changes),
        foreignSessions: Number(foreign.run(nowMs, limit).changes),
      }
    },
    probe() {
      probe.run()
    },
  }
}
