/**
 * How large the write-ahead log may grow beside its database.
 *
 * A page that is written twice is copied into the database once, so a longer log costs less; and a
 * log of 80 MB beside a database of 2 MB is out of proportion. So the log may have four times the
 * pages of the database, between two bounds. Most of it is copied earlier, while nothing else is to
 * be done, and its room is given back then.
 */
import type { DatabaseSync } from 'node:sqlite'
import { shaped } from './rows.ts'

/** 4096 bytes each: 8 MB and 80 MB. */
const FEWEST_PAGES = 2_000
const MAX_PAGES = 20_000
const TIMES_DATABASE = 4

/** A log of up to 4 MB keeps its room while nothing is to be done. */
const IDLE_PAGES = 1_000

/** Lets the log grow as the database has; call it when it is opened, and now and then. */
export function boundLog(database: DatabaseSync): void {
  const count = database.prepare('PRAGMA page_count').get()
  const size = database.prepare('PRAGMA page_size').get()
  const { page_count: pages } = shaped<{ page_count: number }>(count)
  const { page_size: pageBytes } = shaped<{ page_size: number }>(size)
  const most = Math.min(Math.max(pages * TIMES_DATABASE, FEWEST_PAGES), MAX_PAGES)
  database.exec(`PRAGMA wal_autocheckpoint = ${String(most)}`)
  // What a backup or a slow reader has let it grow to is given back beyond this.
  database.exec(`PRAGMA journal_size_limit = ${String(most * pageBytes)}`)
}

/** Copies the log into the database as far as no reader is in the way, and gives its room back. */
export function checkpointIdle(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  const { log, checkpointed } = shaped<{ log: number; checkpointed: number }>(row)
  if (log < IDLE_PAGES || checkpointed < log) return
  const { timeout } = shaped<{ timeout: number }>(database.prepare('PRAGMA busy_timeout').get())
  // A reader that is in the way now is not waited for: logouts would wait as well.
  database.exec('PRAGMA busy_timeout = 0')
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.exec(`PRAGMA busy_timeout = ${String(timeout)}`)
  }
}
