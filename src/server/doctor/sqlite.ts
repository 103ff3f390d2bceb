/**
 * Whether this SQLite database, on this disk, keeps what is written and is not readable by other
 * accounts.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import type { Attributes } from '../../domain/identity.ts'
import type { Clock } from '../../ports/clock.ts'
import { openForWriting, reasonOf } from '../../stores/sqlite/connection.ts'
import { removeDatabase } from '../../stores/sqlite/files.ts'
import { headPathOf } from '../../stores/sqlite/head.ts'
import { lockFile } from '../../stores/sqlite/lock.ts'
import { findLoss, REMEDY } from '../../stores/sqlite/lost-files.ts'
import { schemaVersion } from '../../stores/sqlite/migrations.ts'
import { migrations } from '../../stores/sqlite/schema/index.ts'
import { readMark } from '../../stores/sqlite/undecided.ts'
import type { Config } from '../config.ts'
import { DEMO_MARK_LIKE, isDemoMarked, isDemoOperator } from '../demo.ts'
import { DATABASE_FILE } from '../offline.ts'
import { SETTING_KIND } from '../settings.ts'
import { TRUSTED_TIME } from '../timekeeper.ts'
import { examineTrusted } from './clocks.ts'
import { examineSpace, examineSync, fileSystemOf, judgeFileSystem } from './disk.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** Every check of a data folder. Writes and removes small files of its own in it. */
export async function* examineSqlite(
  config: Pick<Config, 'dataDir' | 'durability'>,
  clock: Clock,
): AsyncGenerator<Finding> {
  const { dataDir } = config
  if (!existsSync(dataDir)) {
    yield fail('sqlite.folder', `there is no folder ${dataDir}`, `make it: mkdir -m 700 ${dataDir}`)
    return
  }
  const path = join(dataDir, DATABASE_FILE)
  yield judgeFileSystem(await fileSystemOf(dataDir))
  yield await examineSpace(dataDir, existsSync(path) ? statSync(path).size : 0)
  yield examinePermissions(dataDir)
  if (!isWritable(dataDir)) return
  yield examineSync(dataDir, () => clock.monotonicMs() * 1000)
  yield examineJournal(dataDir, config.durability)
  yield examineLock(path)
  yield examineHead(path)
  if (existsSync(path)) yield* examineContent(path, clock)
}

const OTHERS = 0o077

function examinePermissions(folder: string): Finding {
  const check = 'sqlite.permissions'
  if (!isWritable(folder)) {
    return fail(
      check,
      `${folder} cannot be written by this user`,
      'run the doctor, and the server, as the user who owns the data folder',
    )
  }
  const open = ['', '-wal', '-shm']
    .map((ending) => join(folder, DATABASE_FILE + ending))
    .filter((path) => existsSync(path) && (statSync(path).mode & OTHERS) !== 0)
  const [first] = open
  if (first !== undefined) {
    return fail(
      check,
      `${first} is open to others (${modeOf(first)}), private signing keys in it`,
      `chmod 600 ${open.join(' ')}, then rotate the keys if anyone may have read them`,
    )
  }
  if ((statSync(folder).mode & OTHERS) !== 0) {
    return warn(check, `${folder} is open to others (${modeOf(folder)})`, `chmod 700 ${folder}`)
  }
  return ok(check, 'no other account can read the folder')
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function modeOf(path: string): string {
  return `mode ${(statSync(path).mode & 0o777).toString(8).padStart(4, '0')}`
}

/** Opens a database in this folder as the server would, and asks what is really in force. */
function examineJournal(folder: string, durability: Config['durability']): Finding {
  const check = 'sqlite.journal'
  const path = join(folder, `.outright-doctor-${crypto.randomUUID()}.db`)
  try {
    const database = openForWriting(path, durability)
    try {
      const { journal_mode: journal } = database.prepare('PRAGMA journal_mode').get() ?? {}
      const { synchronous } = database.prepare('PRAGMA synchronous').get() ?? {}
      database.exec('CREATE TABLE doctor (number INTEGER) STRICT')
      return judgeJournal(String(journal), Number(synchronous))
    } finally {
      database.close()
    }
  } catch (error) {
    return fail(
      check,
      `a database cannot be opened here: ${reasonOf(error)}`,
      'see the disk checks',
    )
  } finally {
    removeDatabase(path)
  }
}

/** `PRAGMA synchronous` answers 2 for FULL and 3 for EXTRA (sqlite.org/pragma.html). */
export function judgeJournal(journal: string, synchronous: number): Finding {
  const check = 'sqlite.journal'
  if (journal !== 'wal') {
    return fail(
      check,
      `journal_mode is ${journal}: this file system has no shared memory for a write-ahead log`,
      'put the data folder on a local disk',
    )
  }
  if (synchronous < 2) {
    const measured = `synchronous is ${String(synchronous)}: a commit does not wait for the disk`
    return fail(check, measured, 'remove the setting durability')
  }
  return ok(check, 'journal_mode WAL, synchronous FULL')
}

function examineLock(path: string): Finding {
  const check = 'sqlite.lock'
  try {
    lockFile(path)()
    return ok(check, 'no server is using the database')
  } catch (error) {
    const { message } = error as Error
    if (message.includes('another process')) return ok(check, 'a server is using the database')
    return fail(
      check,
      `the lock cannot be taken: ${reasonOf(error)}`,
      `look at ${path}.lock, which must be a file of the server's user`,
    )
  }
}

/** Whether the database comes as far as its head says, and no decision is pending. */
function examineHead(path: string): Finding {
  const check = 'sqlite.head'
  const headPath = headPathOf(path)
  try {
    if (!existsSync(headPath)) {
      return existsSync(path)
        ? warn(
            check,
            `${headPath} is not there`,
            'the next start makes it; lost files went unnoticed',
          )
        : ok(check, 'there is no database yet')
    }
    const loss = findLoss(path, headPath)
    if (loss !== undefined) return fail(check, loss, REMEDY)
    const mark = readMark(path)
    if (mark === undefined) return ok(check, 'the log is complete')
    return fail(check, mark, 'start it with outright serve --after-restore end-everyone')
  } catch (error) {
    return fail(check, `it cannot be compared: ${reasonOf(error)}`, 'see the check sqlite.schema')
  }
}

/** What the database holds; it is only read. */
function* examineContent(path: string, clock: Clock): Generator<Finding> {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 1000 })
    const version = schemaVersion(database)
    yield judgeSchema('sqlite.schema', version, migrations.at(-1)?.number ?? 0, version)
    if (version === 0) return
    yield examineIdentities(database)
    yield examineTrusted(clock, storedTime(database))
  } catch (error) {
    yield fail('sqlite.schema', `it cannot be read: ${reasonOf(error)}`, 'restore a backup')
  } finally {
    database?.close()
  }
}

/**
 * @param found The last step that the database has.
 * @param known The last step that this version knows.
 * @param needed What a version must know to use the database.
 */
export function judgeSchema(check: string, found: number, known: number, needed: number): Finding {
  if (needed > known) {
    const measured = `step ${String(found)}, this version knows ${String(known)}`
    return fail(check, measured, 'use the version that wrote it, or a newer one')
  }
  if (found >= known) return ok(check, `step ${String(found)}, nothing is pending`)
  const measured = `step ${String(found)} of ${String(known)}`
  return ok(check, `${measured}: the next start, or outright migrate, brings it up to date`)
}

function storedTime(database: DatabaseSync): string | undefined {
  const row = database
    .prepare(
      `SELECT value FROM tickets WHERE kind = ? AND key = ? || ' ' ||
         (SELECT name FROM streams ORDER BY first_position DESC LIMIT 1)`,
    )
    .get(SETTING_KIND, TRUSTED_TIME)
  return row === undefined ? undefined : String(row['value'])
}

function examineIdentities(database: DatabaseSync): Finding {
  const rows = ['subjects', 'clients'].flatMap((table) =>
    database.prepare(`SELECT attributes FROM ${table} WHERE attributes LIKE ?`).all(DEMO_MARK_LIKE),
  )
  // A schema of before has no such table.
  const hasOperators = database
    .prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'operators'`)
    .get()
  const operators = hasOperators ? database.prepare('SELECT id FROM operators').all() : []
  return judgeIdentities(
    rows.map((row) => String(row['attributes'])),
    operators.map((row) => String(row['id'])),
  )
}

/**
 * @param attributes JSON of the people and clients that may have come with the demo.
 * @param operatorIds Of all operators.
 */
export function judgeIdentities(
  attributes: readonly string[],
  operatorIds: readonly string[],
): Finding {
  const check = 'store.demo-identities'
  const marked = attributes.filter((text) => isDemoMarked(JSON.parse(text) as Attributes))
  const count = marked.length + operatorIds.filter(isDemoOperator).length
  if (count === 0) return ok(check, 'none')
  return fail(
    check,
    `${String(count)} users, clients and operators of the demo, whose passwords are public: it serves with --demo alone`,
    'begin with an empty data folder or database',
  )
}
