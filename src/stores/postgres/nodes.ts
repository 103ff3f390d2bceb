/** The rows of nodes: a renewal counter and an acknowledged position for each start of a process. */
import type { Position } from '../../domain/revocation.ts'
import type { Connection, Statement } from './connection.ts'
import { CHANNEL } from './log.ts'
import { heads } from './streams.ts'

export interface NodeRow {
  readonly member: string
  readonly name: string
  readonly lease_ms: number
  readonly renewals: number
  readonly acknowledged: string
}

export function writePosition(position: Position): string {
  return JSON.stringify([...position])
}

export function readPosition(text: string): Position {
  return new Map(JSON.parse(text) as [string, number][])
}

const add: Statement = {
  name: 'node_add',
  text: `INSERT INTO nodes (member, name, lease_ms, renewals, acknowledged)
    VALUES ($1, $2, $3, 0, $4) ON CONFLICT (member) DO NOTHING`,
}

export function addNode(
  connection: Connection,
  row: Omit<NodeRow, 'renewals'>,
): Promise<readonly unknown[]> {
  return connection.run(add, [row.member, row.name, row.lease_ms, row.acknowledged])
}

const renew: Statement = {
  name: 'node_renew',
  text: `UPDATE nodes SET renewals = renewals + 1, acknowledged = $2 WHERE member = $1 RETURNING 1`,
}

/**
 * Renews, then reads how far the streams have come. Two transactions, in this order: whoever does
 * not see this renewal has committed before the second one, which then sees what was committed. The
 * first waits for the disk and the standby like every commit, so that a failover cannot take it
 * back.
 *
 * @returns Undefined where the row is gone.
 */
export async function renewNode(
  connection: Connection,
  member: string,
  acknowledged: Position,
): Promise<Position | undefined> {
  const [renewed, position] = await Promise.all([
    connection.run(renew, [member, writePosition(acknowledged)]),
    readHeads(connection),
  ])
  return renewed.length === 1 ? position : undefined
}

/** How far every stream has come. */
export async function readHeads(connection: Connection): Promise<Position> {
  const streams = await connection.run<{ name: string; head: number }>(heads)
  return new Map(streams.map(({ name, head }) => [name, head]))
}

const acknowledge: Statement = {
  name: 'node_acknowledge',
  text: 'UPDATE nodes SET acknowledged = $2 WHERE member = $1',
}

const ring: Statement = { name: 'node_ring', text: `SELECT pg_notify('${CHANNEL}', $1)` }

/**
 * Tells the others how far this node has come. It need not survive a crash, since the next renewal
 * says it again, so it does not wait for the disk.
 */
export async function tellAcknowledged(
  connection: Connection,
  node: { readonly member: string; readonly name: string; readonly bell: boolean },
  acknowledged: Position,
): Promise<void> {
  await Promise.all([
    connection.command('BEGIN'),
    connection.command('SET LOCAL synchronous_commit = off'),
    connection.run(acknowledge, [node.member, writePosition(acknowledged)]),
    ...(node.bell ? [connection.run(ring, [`node ${node.name}`])] : []),
    connection.command('COMMIT'),
  ])
}

const list: Statement = {
  name: 'node_list',
  text: 'SELECT member, name, lease_ms, renewals, acknowledged FROM nodes ORDER BY member',
}

export function listNodes(connection: Connection): Promise<readonly NodeRow[]> {
  return connection.run<NodeRow>(list)
}

const remove: Statement = {
  name: 'node_remove',
  text: 'DELETE FROM nodes WHERE member = $1 AND ($2::bigint IS NULL OR renewals = $2)',
}

/** Removes a row, or only if it was not renewed since: who finds its row gone has to join anew. */
export function removeNode(
  connection: Connection,
  member: string,
  renewals: number | undefined,
): Promise<readonly unknown[]> {
  return connection.run(remove, [member, renewals ?? null])
}
