/** Brings the schema up to date: applies the steps of `schema.ts` that a file lacks. */
import type { DatabaseSync } from 'node:sqlite'
import { shaped } from './rows.ts'
import { migrations } from './schema/index.ts'

/** "Outr": marks a file as ours in its header, where SQLite keeps a place for that. */
const APPLICATION_ID = 0x4f757472

/**
 * Brings the schema up to date: a new file in one transaction, for there is nothing in it to keep,
 * any other with each step in a transaction of its own.
 *
 * @throws {Error} Where the file was written by a newer version, or is the database of another
 *   program: it is left as it is.
 */
export function migrate(database: DatabaseSync): void {
  const known = migrations.at(-1)?.number ?? 0
  const found = schemaVersion(database)
  if (found > known) {
    throw new Error(
      `its schema is number ${found}, and this version of Outright knows only up to ${known}; use ` +
        'the version that wrote it, or a newer one',
    )
  }
  const missing = migrations.filter(({ number }) => number > found)
  const transactions = found === 0 ? [missing] : missing.map((migration) => [migration])
  for (const some of transactions) {
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const migration of some) apply(database, migration)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}

function apply(database: DatabaseSync, { number, name, sql }: (typeof migrations)[number]): void {
  if (number === 1) database.exec(begin)
  database.exec(sql)
  database.prepare('INSERT INTO schema_migrations (number, name) VALUES (?, ?)').run(number, name)
}

const begin = `
PRAGMA application_id = ${APPLICATION_ID};
CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
`

/**
 * The number of the last migration that was applied, 0 for an empty file.
 *
 * @throws {Error} Where the file is the database of another program.
 */
export function schemaVersion(database: DatabaseSync): number {
  const { application_id: id } = shaped<{ application_id: number }>(
    database.prepare('PRAGMA application_id').get(),
  )
  if (id !== APPLICATION_ID) {
    const { tables } = shaped<{ tables: number }>(
      database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get(),
    )
    if (id === 0 && tables === 0) return 0
    throw new Error('it is the database of another program')
  }
  const { number } = shaped<{ number: number }>(
    database.prepare('SELECT max(number) AS number FROM schema_migrations').get(),
  )
  return number
}
