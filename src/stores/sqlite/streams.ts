/**
 * Streams of the log. This node writes one; earlier ones are left where a database was restored
 * from a backup, because numbers that were given out after the backup must not be given out again.
 */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { shaped } from './rows.ts'

export interface Stream {
  readonly name: string
  /** Position of its entry number 1. */
  readonly firstPosition: number
  /** Position before which it ends; Infinity for the one that is written. */
  readonly endPosition: number
}

/** All streams, oldest first. They change only while no server has the file open. */
export function readStreams(database: DatabaseSync): readonly Stream[] {
  const rows = shaped<{ name: string; first_position: number }[]>(
    database.prepare('SELECT name, first_position FROM streams ORDER BY first_position').all(),
  )
  return rows.map((row, index) => ({
    name: row.name,
    firstPosition: row.first_position,
    endPosition: rows[index + 1]?.first_position ?? Number.POSITIVE_INFINITY,
  }))
}

/** Names the first stream of a new file; a file that has one keeps it. */
export function ensureStream(database: DatabaseSync, name: string): void {
  database
    .prepare(
      'INSERT INTO streams (first_position, name) SELECT 1, ? WHERE NOT EXISTS (SELECT 1 FROM streams)',
    )
    .run(name)
}

/** A name that no copy of this database has used: the first stream's, and something random. */
export function freshStreamName(streams: readonly Stream[]): string {
  return `${streams[0]?.name ?? 'stream'}.${randomBytes(6).toString('hex')}`
}

/**
 * Closes the stream that is written and begins another behind it. A stream without a single entry
 * is replaced.
 */
export function beginStream(database: DatabaseSync, name: string): void {
  const { next } = shaped<{ next: number }>(
    database.prepare('SELECT coalesce(max(position), 0) + 1 AS next FROM log').get(),
  )
  database.prepare('DELETE FROM streams WHERE first_position >= ?').run(next)
  database.prepare('INSERT INTO streams (first_position, name) VALUES (?, ?)').run(next, name)
}
