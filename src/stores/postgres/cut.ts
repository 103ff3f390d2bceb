/** Cutting old entries at a checkpoint: see `ports/cut.ts`. */
import type { Checkpoint } from '../../domain/checkpoint.ts'
import type { Cuttable, CutCommand, JudgedEntry } from '../../domain/plan-cut.ts'
import type { CutRequest, CutStore } from '../../ports/cut.ts'
import { endedStored } from '../ends.ts'
import { checkLimit } from '../pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toCheckpoint, toRevocation, type CheckpointRow, type LogRow } from './rows.ts'
import { exists } from './sessions.ts'

/** @param own Where nothing is done that a logout may wait for. */
export function cutStore({ own, short }: Readonly<Record<'own' | 'short', Link>>): CutStore {
  return {
    readCheckpoints: () => readCheckpoints(short),
    readCuttable: (request) => readCuttable(own, request),
    cut: (command) => cut(own, command),
  }
}

const columns = allOf('checkpoints', 'c')

const list: Statement = {
  name: 'checkpoints_list',
  text: `SELECT ${columns} FROM checkpoints c ORDER BY c.stream`,
}

export async function readCheckpoints(link: Pick<Link, 'run'>): Promise<readonly Checkpoint[]> {
  return (await link.run<CheckpointRow>(list)).map(toCheckpoint)
}

const find: Statement = {
  name: 'checkpoints_find',
  text: `SELECT ${columns} FROM checkpoints c WHERE c.stream = $1`,
}

const cursor: Statement = {
  name: 'cut_planned',
  text: 'SELECT sequence FROM delivery_cursors WHERE stream = $1',
}

/**
 * True for an entry that something may still ask for. A counter's last raise is what a repeated
 * logout is answered with; those before it say of the sessions that were there already which of
 * them ended them.
 */
const counts = `CASE WHEN l.generation = 0
  THEN l.forget_after_ms >= $5::bigint OR l.scope = 'session' AND l.issuer = ''
    AND ${exists('sessions s WHERE s.sid = l.key')}
  ELSE ${exists(`generations c WHERE c.scope = l.scope AND c.key = l.key
      AND c.generation = l.generation`)}
    OR ${endedStored('l')}
  END`

const range: Statement = {
  name: 'cut_range',
  text: `SELECT ${allOf('log', 'l')}, ${counts} AS counts FROM log l
    WHERE l.stream = $1 AND l.sequence > $2 AND l.sequence <= $3 ORDER BY l.sequence LIMIT $4`,
}

async function readCuttable(
  link: Link,
  { stream, beforeMs, after, keptAfter, limit }: CutRequest,
): Promise<Cuttable> {
  checkLimit(limit, 10_000)
  // First: a cut that comes in between makes this checkpoint an old one.
  const [row] = await link.run<CheckpointRow>(find, [stream])
  const checkpoint = row && toCheckpoint(row)
  const read = async (behind: number, upTo: number): Promise<readonly JudgedEntry[]> => {
    const values = [stream, behind, upTo, limit, beforeMs]
    const rows = await link.run<LogRow & { readonly counts: boolean }>(range, values)
    return rows.map((one) => ({ entry: toRevocation(one), counts: one.counts }))
  }
  const [planned, kept, next] = await Promise.all([
    link.run<{ sequence: number }>(cursor, [stream]),
    read(keptAfter, Math.min(after, checkpoint?.sequence ?? 0)),
    read(after, Number.MAX_SAFE_INTEGER),
  ])
  return { checkpoint, planned: planned[0]?.sequence ?? 0, kept, next }
}

/** May be sent twice: what is there already counts as placed. */
const place: Statement = {
  name: 'cut',
  text: `WITH placed AS (
      INSERT INTO checkpoints AS c
        (stream, sequence, hash, kept, kept_hash, before_ms, at_ms, actor, seal)
      SELECT $1::text, $2::bigint, $3::text, $4::bigint, $5::text, $6::bigint, $7::bigint, $8::text,
        $9::text
      WHERE $10::text IS NULL OR EXISTS (SELECT 1 FROM checkpoints x WHERE x.stream = $1)
      ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash,
        kept = excluded.kept, kept_hash = excluded.kept_hash, before_ms = excluded.before_ms,
        at_ms = excluded.at_ms, actor = excluded.actor, seal = excluded.seal
        WHERE c.seal = $10 OR c.seal = excluded.seal
      RETURNING 1),
    removed AS (
      DELETE FROM log l WHERE l.stream = $1 AND l.sequence = ANY($11::bigint[])
        AND EXISTS (SELECT 1 FROM placed)
      RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM placed) AS placed, (SELECT count(*) FROM removed) AS removed`,
}

async function cut(link: Link, { replaces, checkpoint, removes }: CutCommand): Promise<boolean> {
  const { stream, sequence, hash, kept, keptHash, beforeMs, atMs, actor, seal } = checkpoint
  const values = [stream, sequence, hash, kept, keptHash, beforeMs, atMs, actor, seal]
  const [row] = await link.run<{ placed: boolean }>(place, [...values, replaces ?? null, removes])
  return row?.placed ?? false
}
