/** The mark of `stores/undecided.ts` in a SQLite database that no store has open. */
import type { DatabaseSync } from 'node:sqlite'
import { openUntouched } from './lost-files.ts'
import { schemaVersion } from './migrations.ts'
import { NEVER_MS, UNDECIDED } from '../undecided.ts'

/** @param why What is missing, in words for the operator. */
export function markUndecided(database: DatabaseSync, why: string): void {
  database
    .prepare(
      `INSERT INTO tickets (kind, key, value, expires_at_ms, attempts) VALUES (?, ?, ?, ?, 0)
       ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value`,
    )
    .run(UNDECIDED.kind, UNDECIDED.key, why, NEVER_MS)
}

/** What is missing in a database file, as it was marked; undefined where it has no mark. */
export function readMark(path: string): string | undefined {
  const database = openUntouched(path)
  try {
    if (schemaVersion(database) === 0) return undefined
    const { kind, key } = UNDECIDED
    const sql = 'SELECT value FROM tickets WHERE kind = ? AND key = ?'
    const row = database.prepare(sql).get(kind, key)
    return row === undefined ? undefined : String(row['value'])
  } finally {
    database.close()
  }
}

export function markDecided(database: DatabaseSync): void {
  const { kind, key } = UNDECIDED
  database.prepare('DELETE FROM tickets WHERE kind = ? AND key = ?').run(kind, key)
}
