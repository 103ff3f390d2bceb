/** Whether a database file is whole: what SQLite says of it, and the chain of its log. */
import { DatabaseSync } from 'node:sqlite'
import { ChainVerifier } from '../transfer/transfer.ts'
import { checkpointReader } from './cut.ts'
import { logLongReader, logPointReader } from './log-lists.ts'
import { migrate, schemaVersion } from './migrations.ts'

/**
 * Checks a whole database file, and brings its schema up to date on the way.
 *
 * @returns How many entries its log has.
 * @throws {Error} Where SQLite finds it damaged, it is empty, or its chain is broken.
 */
export function verifyFile(path: string): number {
  const database = new DatabaseSync(path)
  try {
    const rows = database.prepare('PRAGMA integrity_check(1)').all()
    const verdict = rows[0]?.['integrity_check']
    if (verdict !== 'ok') throw new Error(String(verdict))
    if (schemaVersion(database) === 0) throw new Error('it is empty')
    migrate(database)
    return verifyLog(database)
  } finally {
    database.close()
  }
}

/**
 * Follows the chain of every stream, from its checkpoint on where it was cut.
 *
 * @returns How many entries there are.
 * @throws {Error} Where it does not hold; the message says at which entry.
 */
export function verifyLog(database: DatabaseSync): number {
  const { readStream } = logLongReader(database)
  const checkpoints = checkpointReader(database).readCheckpoints()
  let entries = 0
  for (const [stream, head] of logPointReader(database).head()) {
    const checkpoint = checkpoints.find((one) => one.stream === stream)
    const chain = new ChainVerifier(stream, checkpoint)
    for (let after = 0; after < head;) {
      const page = readStream(stream, after, 10_000)
      chain.follow(page)
      after = page.at(-1)?.sequence ?? head
    }
    chain.end(head)
    entries += chain.entries
  }
  return entries
}
