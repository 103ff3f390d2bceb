/** Removing what has expired. The log is cut: see `cut.ts`. */
import { DEAD_KEPT_MS, DELIVERED_KEPT_MS, MAX_COUNTED_STEP_MS } from '../../ports/delivery.ts'
import type { SweepOutcome } from '../../ports/store.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'

// Nodes that sweep at once skip each other's rows instead of waiting for them.
function remove(table: string, key: string, column: string, before = '$1'): Statement {
  return {
    name: `sweep_${table}`,
    text: `WITH gone AS (
        DELETE FROM ${table} WHERE (${key}) IN (
          SELECT ${key} FROM ${table} WHERE ${column} < ${before} ORDER BY ${column} LIMIT $2
          FOR UPDATE SKIP LOCKED)
        RETURNING 1)
      SELECT count(*) AS count FROM gone`,
  }
}

/**
 * The earliest time of an entry that is not planned yet, of the next so many of each stream: what
 * is owed is derived from the sessions that it ended, as they were then.
 */
const unplanned = `(SELECT min(u.at_ms) FROM (
    SELECT l.at_ms FROM streams t
    LEFT JOIN delivery_cursors c ON c.stream = t.name
    JOIN log l ON l.stream = t.name AND l.sequence > coalesce(c.sequence, 0)
      AND l.sequence <= coalesce(c.sequence, 0) + 10000
    WHERE t.head > coalesce(c.sequence, 0)) AS u)`

const sessions = remove(
  'sessions',
  'sid, participant_id',
  'expires_at_ms',
  `least($1::bigint, coalesce(${unplanned}, $1::bigint))`,
)
const refreshTokens = remove('refresh_tokens', 'id', 'expires_at_ms')
const tickets = remove('tickets', 'kind, key', 'expires_at_ms')
const keys = remove('signing_keys', 'kid', 'remove_after_ms')
const foreignSessions = remove(
  'foreign_sessions',
  'issuer, subject, session, client',
  'expires_at_ms',
)

// A node that sweeps at the same time moves it on as far.
const tick: Statement = {
  name: 'sweep_tick',
  text: `UPDATE retention_clock SET reached_ms = $1::bigint,
      counted_ms = counted_ms + least($1::bigint - reached_ms, ${String(MAX_COUNTED_STEP_MS)})
    WHERE number IN (
      SELECT number FROM retention_clock WHERE reached_ms < $1::bigint FOR UPDATE SKIP LOCKED)`,
}

const keepDeliveries: Statement = {
  name: 'sweep_keep_deliveries',
  text: `UPDATE deliveries SET counted_from_ms = (SELECT counted_ms FROM retention_clock)
    WHERE id IN (
      SELECT id FROM deliveries WHERE settled_at_ms IS NOT NULL AND counted_from_ms IS NULL
      ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED)`,
}

const deliveries: Statement = {
  name: 'sweep_deliveries',
  text: `WITH gone AS (
      DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries
        WHERE counted_from_ms < (SELECT counted_ms FROM retention_clock) - ${String(DELIVERED_KEPT_MS)}
          AND (state = 'delivered' OR counted_from_ms <
            (SELECT counted_ms FROM retention_clock) - ${String(DEAD_KEPT_MS)})
        ORDER BY counted_from_ms LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING 1)
    SELECT count(*) AS count FROM gone`,
}

// A sealed answer is worth keeping for its grace alone; its token stays, so that reuse is noticed.
const answers: Statement = {
  name: 'sweep_answers',
  text: `UPDATE refresh_tokens SET sealed_answer = NULL WHERE id IN (
      SELECT id FROM refresh_tokens WHERE sealed_answer IS NOT NULL AND grace_until_ms <= $1
      ORDER BY grace_until_ms LIMIT $2 FOR UPDATE SKIP LOCKED)`,
}

export async function sweep(
  connection: Connection,
  nowMs: number,
  limit: number,
): Promise<SweepOutcome> {
  const values = [nowMs, limit]
  const count = async (statement: Statement, given: readonly number[] = values) => {
    const [row] = await connection.run<{ count: number }>(statement, given)
    return row?.count ?? 0
  }
  const [, , , ...counts] = await Promise.all([
    connection.run(answers, values),
    connection.run(tick, [nowMs]),
    connection.run(keepDeliveries, [limit]),
    count(sessions),
    count(refreshTokens),
    count(tickets),
    count(keys),
    count(deliveries, [limit]),
    count(foreignSessions),
  ])
  return {
    sessions: counts[0],
    refreshTokens: counts[1],
    tickets: counts[2],
    keys: counts[3],
    deliveries: counts[4],
    foreignSessions: counts[5],
  }
}

const time: Statement = {
  name: 'time',
  text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
}

export async function databaseTimeMs(link: Link): Promise<number | undefined> {
  const [row] = await link.run<{ ms: number }>(time)
  return row?.ms
}
