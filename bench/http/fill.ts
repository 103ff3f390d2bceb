/** Sessions by the million, written straight into a store's file: logging in so often takes hours. */
import { DatabaseSync } from 'node:sqlite'

/** The client that all of them belong to. */
export const FILLED_CLIENT = 'bench-client'

/** One of the people whom they belong to, each to another. */
export const FILLED_SUBJECT: string = subjectOf(4711)

/** From where every tenth of them came in. */
export const FILLED_ADDRESS = '198.51.100.7'

/** Bearer of the admin API in every bench. */
export const ADMIN_TOKEN = 'bench-only-admin-token-0123456789'

const DAY_MS = 86_400_000
/** One after the other: a million in three weeks. */
const EVERY_MS = 2_000

/**
 * Writes live sessions of one client, each of another subject.
 *
 * @param path A store's file that is not open anywhere.
 * @param mintId Makes UUIDv7s.
 */
export function fillSessions(path: string, sessions: number, mintId: () => string): void {
  const database = new DatabaseSync(path)
  const nowMs = Date.now()
  try {
    database.exec('PRAGMA synchronous = OFF')
    database.exec('PRAGMA cache_size = -262144')
    database.exec('BEGIN')
    const indexes = database
      .prepare(
        `SELECT name, sql FROM sqlite_schema
         WHERE type = 'index' AND tbl_name = 'sessions' AND sql IS NOT NULL`,
      )
      .all() as { name: string; sql: string }[]
    // Made at once when all rows are there: to keep them up to date with each costs minutes.
    for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
    const insert = database.prepare(
      `INSERT INTO sessions (sid, participant_id, participant_generation, subject_id, client_id, device_key, dialect, created_at_ms,
         expires_at_ms, access_lifetime_ms, everyone_generation, subject_generation,
         client_generation, grant_generation, device_generation, attributes)
       VALUES (?, '', 0, ?, '${FILLED_CLIENT}', NULL, 'octopus', ?, ?, 3600000, 0, 0, 0, 0, 0, ?)`,
    )
    for (let index = 0; index < sessions; index++) {
      const address = index % 10 === 0 ? FILLED_ADDRESS : `203.0.113.${String(index % 200)}`
      const attributes = JSON.stringify({ address })
      const openedAtMs = nowMs - (sessions - index) * EVERY_MS
      insert.run(mintId(), subjectOf(index), openedAtMs, nowMs + DAY_MS, attributes)
    }
    for (const { sql } of indexes) database.exec(sql)
    database.exec('COMMIT')
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

function subjectOf(index: number): string {
  return `subject-${String(index).padStart(9, '0')}`
}
