/** Bringing a schema up to date without starting a server. */
import { defined } from '../domain/defined.ts'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { readAbilities } from '../stores/postgres/abilities.ts'
import { Connection } from '../stores/postgres/connection.ts'
import { migrate } from '../stores/postgres/migrations.ts'
import { migrations } from '../stores/postgres/schema/index.ts'
import { openForWriting } from '../stores/sqlite/connection.ts'
import { lockFile } from '../stores/sqlite/lock.ts'
import * as sqlite from '../stores/sqlite/migrations.ts'
import { migrations as sqliteSteps } from '../stores/sqlite/schema/index.ts'
import { loadConfig, type Environment } from './config.ts'
import { DATABASE_FILE } from './offline.ts'

/** Which database is meant. */
export interface DatabaseChoice {
  /** `OUTRIGHT_…` variables; others are not looked at. */
  readonly environment: Environment
  /** Folder of a SQLite database; wins over the environment. */
  readonly data?: string
  /** PostgreSQL; wins over the environment and over `data`. */
  readonly databaseUrl?: string
  /** Path of `outright.config.ts` or `.json`. */
  readonly config?: string
}

export interface MigrateOptions extends DatabaseChoice {
  /** Only says what would be done. */
  readonly dryRun?: boolean
}

export interface Step {
  readonly number: number
  readonly name: string
}

export interface MigrateOutcome {
  /** What was applied, or would be. */
  readonly steps: readonly Step[]
  /** The last step that the database has afterwards, 0 for none. */
  readonly at: number
}

/** Where a database is, by the options and the configuration. */
export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/**
 * Finds the database that is meant. What is named on the command line wins over the environment,
 * and of two that are named there PostgreSQL.
 *
 * @throws {ConfigError} Where the configuration cannot be read.
 */
export async function placeOf(choice: DatabaseChoice): Promise<DatabasePlace> {
  const { environment, data, databaseUrl, config: configPath } = choice
  const overrides = { ...defined({ dataDir: data, databaseUrl }), configPath }
  const config = await loadConfig(environment, overrides)
  const url = databaseUrl ?? (data === undefined ? config.databaseUrl : undefined)
  return url === undefined
    ? { kind: 'sqlite', path: join(config.dataDir, DATABASE_FILE) }
    : { kind: 'postgres', url }
}

/** A schema change may rewrite a table. */
const LONG_ANSWER_MS = 3_600_000

/**
 * Applies the steps that are missing, each in a transaction of its own where the database can.
 * PostgreSQL: older nodes may serve meanwhile. SQLite: the server must not be running, because it
 * has the file to itself.
 *
 * @throws {Error} Where there is no database, a server uses it, or a newer version wrote it.
 */
export async function migrateDatabase(options: MigrateOptions): Promise<MigrateOutcome> {
  const place = await placeOf(options)
  const { dryRun = false } = options
  return place.kind === 'sqlite'
    ? migrateFile(place.path, dryRun)
    : migrateServer(place.url, dryRun)
}

function migrateFile(path: string, dryRun: boolean): MigrateOutcome {
  if (!existsSync(path)) throw new Error(`Cannot migrate ${path}: there is no such database`)
  let unlock: (() => void) | undefined
  try {
    unlock = lockFile(path)
    const database = dryRun
      ? new DatabaseSync(path, { readOnly: true })
      : openForWriting(path, 'full')
    try {
      const found = sqlite.schemaVersion(database)
      if (!dryRun) sqlite.migrate(database)
      const steps = sqliteSteps.filter(({ number }) => number > found).map(toStep)
      return { steps, at: dryRun ? found : sqlite.schemaVersion(database) }
    } finally {
      database.close()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    throw new Error(`Cannot migrate ${path}: ${reason}`, { cause: error })
  } finally {
    unlock?.()
  }
}

async function migrateServer(url: string, dryRun: boolean): Promise<MigrateOutcome> {
  const connection = await Connection.open({
    url,
    name: 'outright migrate',
    answerMs: LONG_ANSWER_MS,
  })
  try {
    const before = await stepsOf(connection)
    const steps = dryRun
      ? migrations.filter(({ number }) => !before.includes(number))
      : await migrate(connection, await readAbilities(connection))
    const at = Math.max(0, ...(dryRun ? before : await stepsOf(connection)))
    return { steps: steps.map(toStep), at }
  } finally {
    await connection.end()
  }
}

/** Numbers of the steps that a database has; none where it was never used. */
async function stepsOf(connection: Connection): Promise<readonly number[]> {
  const [table] = await connection.run<{ there: string | null }>({
    name: 'schema_there',
    text: `SELECT to_regclass('schema_migrations')::text AS there`,
  })
  if ((table?.there ?? null) === null) return []
  const rows = await connection.run<{ number: number }>({
    name: 'schema_numbers',
    text: 'SELECT number FROM schema_migrations ORDER BY number',
  })
  return rows.map(({ number }) => number)
}

function toStep({ number, name }: Step): Step {
  return { number, name }
}
