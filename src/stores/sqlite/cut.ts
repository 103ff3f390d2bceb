/** Cutting old entries at a checkpoint: see `ports/cut.ts`. */
import type { DatabaseSync } from 'node:sqlite'
import type { Checkpoint } from '../../domain/checkpoint.ts'
import type { JudgedEntry } from '../../domain/plan-cut.ts'
import type { FileCommands, LongQueries, PointQueries } from '../commands.ts'
import { endedStored } from '../ends.ts'
import { checkLimit } from '../pages.ts'
import { logView } from './log-view.ts'
import { logColumns, shaped, toCheckpoint, type CheckpointRow, type LogRow } from './rows.ts'

const all = 'SELECT * FROM checkpoints'

export function checkpointReader(database: DatabaseSync): Pick<PointQueries, 'readCheckpoints'> {
  const list = database.prepare(`${all} ORDER BY stream`)
  return {
    readCheckpoints: () => shaped<CheckpointRow[]>(list.all()).map(toCheckpoint),
  }
}

/**
 * True for an entry that something may still ask for. A counter's last raise is what a repeated
 * logout is answered with; those before it say of the sessions that were there already which of
 * them ended them.
 */
const counts = `CASE WHEN generation = 0
  THEN forget_after_ms >= :beforeMs OR scope = 'session' AND issuer = ''
    AND EXISTS (SELECT 1 FROM sessions s WHERE s.sid = log.key)
  ELSE EXISTS (SELECT 1 FROM generations g WHERE g.scope = log.scope AND g.key = log.key
      AND g.position = log.position)
    OR ${endedStored('log')}
  END`

export function cuttableReader(database: DatabaseSync): Pick<LongQueries, 'readCuttable'> {
  const view = logView(database)
  const find = database.prepare(`${all} WHERE stream = ?`)
  const cursor = database.prepare('SELECT sequence FROM delivery_cursors WHERE stream = ?')
  const range = database.prepare(
    `SELECT ${logColumns}, ${counts} AS counts FROM log
     WHERE position > :after AND position <= :last ORDER BY position LIMIT :limit`,
  )
  return {
    readCuttable({ stream, beforeMs, after, keptAfter, limit }) {
      checkLimit(limit, 10_000)
      // First: a cut that comes in between makes this checkpoint an old one.
      const row = shaped<CheckpointRow | undefined>(find.get(stream))
      const planned = shaped<{ sequence: number } | undefined>(cursor.get(stream))?.sequence ?? 0
      const found = view.streams.find(({ name }) => name === stream)
      const read = (behind: number, upTo: number): readonly JudgedEntry[] => {
        if (found === undefined) return []
        const before = found.firstPosition - 1
        const last = Math.min(before + upTo, found.endPosition - 1, Number.MAX_SAFE_INTEGER)
        const rows = range.all({ beforeMs, after: before + behind, last, limit })
        return shaped<(LogRow & { counts: number | null })[]>(rows).map((one) => ({
          entry: view.convert(one),
          counts: one.counts === 1,
        }))
      }
      const checkpoint = row && toCheckpoint(row)
      const kept = read(keptAfter, Math.min(after, checkpoint?.sequence ?? 0))
      return { checkpoint, planned, kept, next: read(after, Number.POSITIVE_INFINITY) }
    },
  }
}

export function cutWriter(database: DatabaseSync): Pick<FileCommands, 'cut'> {
  const view = logView(database)
  const find = database.prepare('SELECT seal FROM checkpoints WHERE stream = ?')
  const place = database.prepare(
    `INSERT OR REPLACE INTO checkpoints
       (stream, sequence, hash, kept, kept_hash, before_ms, at_ms, actor, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM log WHERE position = ?')
  return {
    cut({ replaces, checkpoint, removes }) {
      const found = view.streams.find(({ name }) => name === checkpoint.stream)
      const seal = shaped<{ seal: string } | undefined>(find.get(checkpoint.stream))?.seal
      if (found === undefined || seal !== replaces) return false
      place.run(...valuesOf(checkpoint))
      for (const sequence of removes) remove.run(found.firstPosition - 1 + sequence)
      return true
    },
  }
}

function valuesOf(checkpoint: Checkpoint): readonly (string | number)[] {
  const { stream, sequence, hash, kept, keptHash, beforeMs, atMs, actor, seal } = checkpoint
  return [stream, sequence, hash, kept, keptHash, beforeMs, atMs, actor, seal]
}
