/** What can be done to a database file without a server. */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { verifyChain, type AuditProgress } from '../core/verify-audit.ts'
import { wireVerdict } from '../http/surfaces/admin/audit.ts'
import type { WireAuditLine } from '../protocol/admin-api.ts'
import { checkpointReader } from '../stores/sqlite/cut.ts'
import { logLongReader, logPointReader } from '../stores/sqlite/log-lists.ts'
import { restoreSqlite, type RestoreOutcome } from '../stores/sqlite/restore.ts'

/** The database in a data folder. */
export const DATABASE_FILE = 'outright.db'

/**
 * Verifies the hash chain of the log in a database file or a backup, which is only read.
 *
 * @throws {Error} Where it cannot be read, or is not a database of Outright.
 */
export async function verifyAuditFile(
  path: string,
  onProgress: (progress: AuditProgress) => void,
): Promise<WireAuditLine> {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true })
    const { head } = logPointReader(database)
    const { readStream } = logLongReader(database)
    const { readCheckpoints } = checkpointReader(database)
    const log = {
      head: () => Promise.resolve(head()),
      readCheckpoints: () => Promise.resolve(readCheckpoints()),
      readStream: (...range: Parameters<typeof readStream>) =>
        Promise.resolve(readStream(...range)),
    }
    return wireVerdict(await verifyChain(log, onProgress))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Cannot read ${path}: ${reason}`, { cause: error })
  } finally {
    database?.close()
  }
}

/** Puts a backup in the place of the database in a data folder. See `restoreSqlite`. */
export function restoreInto(from: string, dataDir: string): RestoreOutcome {
  return restoreSqlite(from, join(dataDir, DATABASE_FILE))
}
