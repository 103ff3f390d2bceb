/** Whether a database file is whole: what SQLite says of it, and the chain of its log. */
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { chainStart, followChain } from '../../domain/chain.ts'
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

function verifyLog(database: DatabaseSync): number {
  const { readStream } = logLongReader(database)
  let entries = 0
  for (const [stream, until] of logPointReader(database).head(undefined)) {
    let last = chainStart
    while (last.sequence < until) {
      const page = readStream({ stream, afterSequence: last.sequence, limit: 10_000 })
      const check = followChain(last, page, (text) => hash('sha256', text, 'base64url'))
      if (check.kind === 'broken' || page.length === 0) {
        const problem = check.kind === 'broken' ? check.problem : 'the entry is missing'
        const sequence = check.kind === 'broken' ? check.sequence : last.sequence + 1
        throw new Error(`entry ${sequence} of stream ${stream} of its log: ${problem}`)
      }
      last = check.last
    }
    entries += until
  }
  return entries
}
