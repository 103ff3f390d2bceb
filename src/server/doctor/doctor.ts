/**
 * The doctor: measures whether a configuration, on this machine and this database, can keep the
 * promise. It owns no rule of the system: each check asks the world what another part counts on. It
 * stands apart from the server so that it can be run before one, beside one and against one.
 */
import { defined } from '../../domain/defined.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Clock } from '../../ports/clock.ts'
import { readConfig } from '../config.ts'
import type { DatabaseChoice } from '../migrate.ts'
import { DATABASE_FILE } from '../offline.ts'
import { findRunning, type RunningServerNote } from '../running.ts'
import { systemClock } from '../system.ts'
import { examineRate } from './clocks.ts'
import { ok, warn, type Finding } from './finding.ts'
import { examineKeys, type StoredKey } from './keys.ts'
import { examinePostgres } from './postgres.ts'
import { examineReach } from './reach.ts'
import { examineSettings, examineStart } from './settings.ts'
import { examineSingleSignOn } from './single-sign-on.ts'
import { examineSqlite } from './sqlite.ts'

export type { Finding } from './finding.ts'

export interface DoctorOptions extends DatabaseChoice {
  /** Where a server is to be asked; undefined asks the one that uses the data folder, if any. */
  readonly server?: string
  /** Undefined: the one of the configuration. */
  readonly adminToken?: string
  readonly guardCredential?: string
  /** Default: the system's. */
  readonly clock?: Clock
}

/**
 * Runs every check that the options allow, one after another.
 *
 * @throws {ConfigError} Where the configuration cannot be read at all.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Finding> {
  const { environment, data, databaseUrl, clock = systemClock } = options
  const overrides = { ...defined({ dataDir: data, databaseUrl }), configPath: options.config }
  const { config, problems } = await readConfig(environment, overrides)
  const own = examineSettings(config)
  // A folder that is named on the command line is meant, whatever the environment says.
  const url = data === undefined || databaseUrl !== undefined ? config.databaseUrl : undefined
  const running = url === undefined ? findRunning(config.dataDir) : undefined
  // Where a server runs, its own settings count, not those that the doctor was started with.
  yield* running?.findings ?? own
  yield examineStart(problems)
  if (running) yield judgeRunning(running, own)
  yield await examineSingleSignOn(config, clock)
  yield await examineRate(clock)
  const { dataDir } = config
  const { durability, issuer } = running ?? config
  if (url === undefined) yield* examineSqlite({ dataDir, durability }, clock)
  else yield* examinePostgres(url, issuer, clock)
  const keys = await storedKeys(url, join(config.dataDir, DATABASE_FILE))
  if (keys !== undefined) yield await examineKeys(keys, config)
  const server = options.server ?? running?.url
  if (server === undefined) return
  yield* examineReach({
    server: server.replace(/\/+$/, ''),
    issuer,
    keyIds: keys?.map(({ kid }) => kid),
    adminToken: options.adminToken ?? config.adminToken,
    guardCredential: options.guardCredential,
  })
}

function judgeRunning({ url, findings }: RunningServerNote, own: readonly Finding[]): Finding {
  const check = 'server.running'
  const different = own
    .filter(({ check: name, measured }) =>
      findings.some((theirs) => theirs.check === name && theirs.measured !== measured),
    )
    .map(({ check: name }) => name)
  const measured = `at ${url}: the settings above are its own`
  if (different.length === 0) return ok(check, measured)
  return warn(
    check,
    `${measured}, this configuration differs (${different.join(', ')})`,
    'run the doctor with the options, variables and file of the server, or restart the server with these',
  )
}

const KEYS = 'SELECT kid, private_jwk AS stored FROM signing_keys'

/** The keys in the database; undefined where there is none, or it cannot be read. */
async function storedKeys(
  url: string | undefined,
  path: string,
): Promise<readonly StoredKey[] | undefined> {
  try {
    return url === undefined ? readFileKeys(path) : await readServerKeys(url)
  } catch {
    // What keeps it from being read is the finding of another check.
    return undefined
  }
}

function readFileKeys(path: string): readonly StoredKey[] {
  if (!existsSync(path)) throw new Error('there is no database')
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database.prepare(KEYS).all() as unknown as readonly StoredKey[]
  } finally {
    database.close()
  }
}

async function readServerKeys(url: string): Promise<readonly StoredKey[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<StoredKey>(KEYS)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}
