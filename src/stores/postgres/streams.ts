/**
 * Streams of the log: each is written by one process, whose claim is checked by every write.
 *
 * No lock of the session kind is used, because not every database that speaks PostgreSQL's protocol
 * has one, and none of them survives a failover. Instead a claim raises the stream's `epoch`, and
 * every transaction begins with an update of the stream's row that holds for that epoch alone:
 *
 * - A process that was replaced changes no row, notices, and writes no more.
 * - `batch` counts transactions. After a connection was lost during a commit, the next claim finds
 *   either the number of that transaction or the one before it, and so knows what happened.
 * - The claim itself updates the same row, so it waits until the server has made up its mind about
 *   the transaction that was interrupted; one that arrives even later finds another epoch.
 */
import type { Connection, Statement } from './connection.ts'

/** What the writer knows of its stream. */
export interface Tail {
  readonly epoch: number
  /** Number of the last transaction. */
  readonly batch: number
  /** Sequence and hash of the last entry; 0 and empty where there is none. */
  readonly head: number
  readonly hash: string
}

const take: Statement = {
  name: 'stream_take',
  text: `INSERT INTO streams (name, epoch, holder, batch, head, hash) VALUES ($1, 1, $2, 0, 0, '')
    ON CONFLICT (name) DO UPDATE SET epoch = streams.epoch + 1, holder = excluded.holder
    RETURNING epoch, batch, head, hash`,
}

const keep: Statement = {
  name: 'stream_keep',
  text: `UPDATE streams SET epoch = epoch + 1 WHERE name = $1 AND holder = $2
    RETURNING epoch, batch, head, hash`,
}

/** Makes this process the writer of the stream, in place of any earlier one. */
export async function takeStream(
  connection: Connection,
  name: string,
  holder: string,
): Promise<Tail> {
  const [tail] = await connection.run<Tail>(take, [name, holder])
  if (tail === undefined) throw new Error('a stream was taken and has no row')
  return tail
}

/** Claims the stream anew over another connection; undefined where another process has taken it. */
export async function keepStream(
  connection: Connection,
  name: string,
  holder: string,
): Promise<Tail | undefined> {
  const [tail] = await connection.run<Tail>(keep, [name, holder])
  return tail
}

const epochOf: Statement = {
  name: 'stream_epoch',
  text: 'SELECT epoch FROM streams WHERE name = $1',
}

/** How often the stream was claimed, which only grows; 0 where there is no such stream. */
export async function readEpoch(connection: Connection, name: string): Promise<number> {
  const [row] = await connection.run<{ epoch: number }>(epochOf, [name])
  return row?.epoch ?? 0
}

/** The first statement of a transaction. It returns no row where another process has the stream. */
export const fence: Statement = {
  name: 'stream_fence',
  text: `UPDATE streams SET batch = batch + 1 WHERE name = $1 AND epoch = $2 AND batch = $3
    RETURNING 1`,
}

/** The last one of a transaction that added entries. */
export const advance: Statement = {
  name: 'stream_advance',
  text: 'UPDATE streams SET head = $2, hash = $3 WHERE name = $1',
}

/** How far a stream has come. */
export interface StreamEnd {
  readonly name: string
  /** Sequence and hash of its last entry; 0 and empty where there is none. */
  readonly head: number
  readonly hash: string
  /** Number of its last transaction. */
  readonly batch: number
}

export const streamEnds: Statement = {
  name: 'stream_ends',
  text: 'SELECT name, head, hash, batch FROM streams',
}

const pass: Statement = {
  name: 'stream_pass',
  text: 'SELECT 1 FROM streams WHERE name = $1 FOR SHARE',
}

/**
 * Waits until every transaction has ended that was writing to a stream when this was called. Its
 * row is what each of them locks first, and nothing is locked here but for the moment in which that
 * is found out: one row at a time, in a transaction that writes nothing. So it keeps no writer
 * waiting, not even for another one that has hung; such a one is ended by the server.
 */
export async function awaitWriters(connection: Connection): Promise<void> {
  const streams = await connection.run<StreamEnd>(streamEnds)
  await Promise.all(
    streams.flatMap(({ name }) => [
      connection.command('BEGIN'),
      connection.run(pass, [name]),
      connection.command('ROLLBACK'),
    ]),
  )
}
