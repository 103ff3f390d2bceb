/**
 * What a restored backup must learn from the database whose place it takes: what was ended, used up
 * or locked since the backup was made. Without it, tokens that were logged out would be good
 * again.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { openForWriting } from './connection.ts'
import { createFile } from './files.ts'
import { headPathOf } from './head.ts'
import { horizonKeeper } from './horizon.ts'
import { logView } from './log-view.ts'
import { logWriter } from './log.ts'
import { findLoss } from './lost-files.ts'
import { logColumns, shaped, type LogRow } from './rows.ts'
import { UNDECIDED } from '../undecided.ts'
import { markDecided } from './undecided.ts'
import { verifyFile } from './verify-file.ts'

/**
 * Carries over what the earlier database has and the restored one has not, and takes the mark of a
 * backup away. Does neither where the earlier one is not there, is damaged or incomplete, is of
 * another installation, or does not know of everything that is in the backup.
 *
 * @param from The database that was served; it is only read.
 * @param to The restored one, whose last stream is new.
 * @returns How many entries of the log were carried over; undefined where none could be.
 */
export function carryOver(from: string, to: string): number | undefined {
  const copy = `${from}.carrying`
  try {
    if (!copyOf(from, copy)) return undefined
    const database = openForWriting(to, 'full')
    try {
      database.prepare('ATTACH DATABASE ? AS earlier').run(copy)
      return knowsMore(database) ? takeOver(database, copy) : undefined
    } finally {
      database.close()
    }
  } finally {
    for (const ending of ['', '-wal', '-shm']) rmSync(copy + ending, { force: true })
  }
}

/** A copy, because checking may bring the schema up to date: the original is kept as it is. */
function copyOf(from: string, copy: string): boolean {
  try {
    if (findLoss(from, headPathOf(from)) !== undefined || !existsSync(from)) return false
    rmSync(copy, { force: true })
    createFile(copy)
    copyFileSync(from, copy)
    // After `kill -9` the last commits are in the write-ahead log alone.
    if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${copy}-wal`)
    verifyFile(copy)
    return true
  } catch (error) {
    // Where there is no room for the copy nothing is restored. What is damaged can tell nothing.
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw error
    return false
  }
}

/** Whether the earlier database is of this installation and holds everything that the backup does. */
function knowsMore(database: DatabaseSync): boolean {
  const is = (sql: string): boolean => database.prepare(`SELECT ${sql} AS yes`).get()?.['yes'] === 1
  const marked = `EXISTS (SELECT 1 FROM earlier.tickets
    WHERE kind = '${UNDECIDED.kind}' AND key = '${UNDECIDED.key}')`
  // What it has cut since it has known.
  const cut = `EXISTS (SELECT 1 FROM earlier.checkpoints c
    JOIN earlier.streams e ON e.name = c.stream JOIN main.streams m ON m.name = c.stream
    WHERE m.first_position = e.first_position
      AND l.position BETWEEN m.first_position AND m.first_position - 1 + c.sequence
      AND NOT EXISTS (SELECT 1 FROM main.streams n
        WHERE n.first_position > m.first_position AND n.first_position <= l.position))`
  const unknown = `EXISTS (SELECT 1 FROM main.log l
    WHERE l.id NOT IN (SELECT id FROM earlier.log) AND NOT ${cut})`
  const sameLog = `EXISTS (SELECT 1 FROM main.log JOIN earlier.log USING (id))`
  const sameKey = `EXISTS (SELECT 1 FROM main.signing_keys JOIN earlier.signing_keys USING (kid))`
  return is(`NOT ${marked}`) && is(`NOT ${unknown}`) && is(`(${sameLog} OR ${sameKey})`)
}

function takeOver(database: DatabaseSync, copy: string): number {
  const earlier = openForWriting(copy, 'off')
  try {
    const horizon = horizonKeeper(database)
    const log = logWriter(database, horizon)
    const { convert } = logView(earlier)
    const page = earlier.prepare(
      `SELECT ${logColumns} FROM log WHERE position > ? ORDER BY position LIMIT ?`,
    )
    let carried = 0
    let position: number | undefined = 0
    database.exec('BEGIN IMMEDIATE')
    // First: how long entries are remembered follows from it.
    horizon.reach(horizonKeeper(earlier).read())
    while (position !== undefined) {
      const rows: LogRow[] = shaped<LogRow[]>(page.all(position, CHUNK))
      for (const row of rows) if (log.carry(convert(row))) carried++
      log.takeEntries()
      position = rows.at(-1)?.position
    }
    database.exec(STATES)
    markDecided(database)
    database.exec('COMMIT')
    return carried
  } finally {
    earlier.close()
  }
}

const CHUNK = 5000

/**
 * Beside the log: locked accounts stay locked, a password or secret that was replaced stays
 * replaced, a refresh token or code that was used is used up, who is still to be told of an end is
 * told, and what this installation remembers in numbers (the longest life of a token, the longest
 * lease) is the larger one.
 */
const STATES = `
UPDATE main.subjects SET standing = 'disabled'
  WHERE id IN (SELECT id FROM earlier.subjects WHERE standing = 'disabled');
UPDATE main.clients SET standing = 'disabled'
  WHERE id IN (SELECT id FROM earlier.clients WHERE standing = 'disabled');
UPDATE main.subjects SET password_hash = e.password_hash
  FROM earlier.subjects AS e WHERE e.id = subjects.id;
UPDATE main.clients SET secret_hash = e.secret_hash
  FROM earlier.clients AS e WHERE e.id = clients.id;
UPDATE main.refresh_tokens SET used_at_ms = e.used_at_ms, grace_until_ms = e.grace_until_ms,
    sealed_answer = e.sealed_answer
  FROM earlier.refresh_tokens AS e WHERE e.id = refresh_tokens.id AND e.used_at_ms IS NOT NULL;
INSERT INTO main.deliveries (id, receiver, subject, revocation_id, facts, created_at_ms, state,
    attempts, due_at_ms, claimed_by, last_error, settled_at_ms, failed_at_ms)
  SELECT id, receiver, subject, revocation_id, facts, created_at_ms, state,
    attempts, due_at_ms, claimed_by, last_error, settled_at_ms, failed_at_ms
  FROM earlier.deliveries WHERE state <> 'delivered' ORDER BY number
  ON CONFLICT (id) DO NOTHING;
DELETE FROM main.tickets WHERE kind NOT IN ('installation', 'undecided')
  AND (kind, key) NOT IN (SELECT kind, key FROM earlier.tickets);
INSERT INTO main.tickets SELECT * FROM earlier.tickets WHERE kind = 'installation'
  ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value
  WHERE CAST(excluded.value AS REAL) > CAST(tickets.value AS REAL);
`
