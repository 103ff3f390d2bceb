/** Whether the files that a server has open are still those that have their names. */
import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { shaped } from './rows.ts'
import { readHead, type LogEnd } from './head.ts'
import { schemaVersion } from './migrations.ts'

/** Device and inode. Numbers: they are compared after every commit, and big ones take twice as long. */
interface Identity {
  readonly dev: number
  readonly ino: number
}

/** Files by their paths. Plain data: it is handed to the writing thread. */
export type Identities = ReadonlyMap<string, Identity>

/** What the named files are now. One that is not there is none. */
export function identify(paths: readonly string[]): Identities {
  return new Map(paths.map((path) => [path, identityOf(path)]))
}

/** The first file that is not the one any more that had this name, in words; undefined for none. */
export function missingOf(identities: Identities): string | undefined {
  for (const [path, identity] of identities) {
    const { dev, ino } = identityOf(path)
    if (ino === identity.ino && dev === identity.dev) continue
    return `${basename(path)} was deleted or replaced while it was in use`
  }
  return undefined
}

function identityOf(path: string): Identity {
  const stats = statSync(path, { throwIfNoEntry: false })
  return { dev: stats?.dev ?? -1, ino: stats?.ino ?? -1 }
}

/** The files that lose what was committed, or let a second server in, when they are taken away. */
export function filesOf(path: string): {
  /** From the moment when the store has locked and prepared the database. */
  readonly lasting: readonly string[]
  /** From the moment when the writer has opened it. */
  readonly opened: readonly string[]
} {
  return { lasting: [path, `${path}.lock`], opened: [`${path}-wal`, `${path}-shm`] }
}

/**
 * Compares a database with the head that was kept outside it. Changes nothing in the folder, so
 * that missing files can still be put back.
 *
 * @returns What is wrong, in words; undefined where nothing is missing, or no head was kept.
 * @throws {Error} Where one of the two cannot be read.
 */
export function findLoss(path: string, headPath: string): string | undefined {
  const head = readHead(headPath)
  if (head === undefined) return undefined
  if (!existsSync(path)) {
    return `the file is gone, and ${basename(headPath)} says that its log had ${entries(head)}`
  }
  const database = openUntouched(path)
  try {
    const end = schemaVersion(database) === 0 ? nothing : readEnd(database)
    if (end.position < head.position) {
      return (
        `its log ends at entry ${String(end.position)}, and entry ${String(head.position)} was ` +
        'answered: logouts are missing. Its write-ahead log was deleted, or it is an older copy'
      )
    }
    if (hashAt(database, head.position) === head.hash) return undefined
    return 'it is not the database that was served here, or its log was changed'
  } finally {
    database.close()
  }
}

const nothing: LogEnd = { position: 0, hash: '' }

function entries({ position }: LogEnd): string {
  return position === 1 ? '1 entry' : `${String(position)} entries`
}

/** The last entry of the log. */
export function readEnd(database: DatabaseSync): LogEnd {
  const row = database.prepare('SELECT position, hash FROM log ORDER BY position DESC LIMIT 1')
  return shaped<LogEnd | undefined>(row.get()) ?? nothing
}

function hashAt(database: DatabaseSync, position: number): string | undefined {
  if (position === 0) return nothing.hash
  const row = database.prepare('SELECT hash FROM log WHERE position = ?').get(position)
  return shaped<{ readonly hash: string } | undefined>(row)?.hash
}

/**
 * Opens a database to be read. Without a write-ahead log no server has it open, and it is declared
 * immutable: otherwise SQLite creates files beside it.
 */
export function openUntouched(path: string): DatabaseSync {
  if (existsSync(`${path}-wal`)) return new DatabaseSync(path, { readOnly: true })
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}

/** What an operator can do about a loss. */
export const REMEDY: string =
  'Put back the files that belong together, or restore a backup with outright restore. To go on ' +
  'without what is missing: outright serve --after-restore end-everyone'
