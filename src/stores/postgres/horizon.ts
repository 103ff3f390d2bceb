/**
 * The access horizon in its one row.
 *
 * Why no token outlives what its revocation says of it. A transaction that lets a token be issued
 * beyond the horizon locks the row, and only then reads the counters that the token carries; one
 * that raises a counter locks the row together with others of its kind, and holds the lock until it
 * has committed. Whichever gets the row first: a revocation that comes second reads the horizon
 * that was moved; an opening that comes second reads the counter that was raised. What needs no
 * lock was committed before: a horizon only moves forward, so a token that is within one which a
 * node has read is within every later one; and who ends a token or a session by its name has it
 * from a transaction that has committed.
 */
import {
  firstAccess,
  formatHorizon,
  isWithin,
  lastExpiryMs,
  parseHorizon,
  type AccessHorizon,
  type AccessLife,
} from '../../domain/access-horizon.ts'
import { raisesCounter } from '../../domain/revocation.ts'
import type { JoinSessionCommand } from '../../ports/store.ts'
import type { Command } from '../commands.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'

/** What a node has read of the row. */
export interface KnownHorizon {
  readonly version: number
  readonly horizon: AccessHorizon
}

interface Row {
  readonly version: number
  readonly until: string
}

const find = 'SELECT version, until FROM access_horizon WHERE number = 1'
const read: Statement = { name: 'horizon_read', text: find }
const share: Statement = { name: 'horizon_share', text: `${find} FOR SHARE` }
const lock: Statement = { name: 'horizon_lock', text: `${find} FOR UPDATE` }
const move: Statement = {
  name: 'horizon_move',
  text: 'UPDATE access_horizon SET version = $1, until = $2 WHERE number = 1',
}

/** The tokens that are issued if the commands of a batch succeed. */
export function accessOf(commands: readonly Command[]): readonly AccessLife[] {
  return commands.flatMap(([name, input]): readonly AccessLife[] => {
    if (name === 'openSession') return [firstAccess(input)]
    if (name === 'joinSession') return [joinedAccess(input)]
    if (name === 'redeem') {
      return ['join' in input ? joinedAccess(input.join) : firstAccess(input.session)]
    }
    if (name === 'rotate') return [input.access]
    if (name === 'extendAccess') return [input]
    return []
  })
}

function joinedAccess({ session, joinedAtMs }: JoinSessionCommand): AccessLife {
  return firstAccess({ ...session, createdAtMs: joinedAtMs })
}

/**
 * Reads the row with the lock that a batch needs, before anything else of the batch reads counters.
 *
 * @param known What this node has read before; the row has that or more.
 */
export function readHorizonFor(
  connection: Connection,
  commands: readonly Command[],
  known: KnownHorizon,
): Promise<KnownHorizon> {
  const moves = accessOf(commands).some((life) => !isWithin(known.horizon, life))
  const raises = commands.some(([name, input]) => name === 'revoke' && raisesCounter(input))
  const reads = commands.some(([name]) => name === 'revoke' || name === 'rotateKeys')
  if (moves) return run(connection, lock)
  if (raises) return run(connection, share)
  return reads ? run(connection, read) : Promise.resolve(known)
}

export function readHorizon(connection: Connection): Promise<KnownHorizon> {
  return run(connection, read)
}

/** Stores the horizon of a transaction that holds the row's lock. */
export function runMove(
  connection: Connection,
  { version, horizon }: KnownHorizon,
): Promise<unknown> {
  return connection.run(move, [version, formatHorizon(horizon)])
}

export async function lastAccessExpiryMs(link: Link): Promise<number> {
  const [row] = await link.run<Row>(read)
  return row === undefined ? 0 : lastExpiryMs(parseHorizon(row.until))
}

async function run(connection: Connection, statement: Statement): Promise<KnownHorizon> {
  const [row] = await connection.run<Row>(statement)
  if (row === undefined) throw new Error('the access horizon has no row')
  return { version: row.version, horizon: parseHorizon(row.until) }
}
