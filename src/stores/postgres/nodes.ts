/** The rows of nodes: a renewal counter and an acknowledged position for each start of a process. */
import type { Position } from '../../domain/revocation.ts'
import { writePosition, type NodeRow, type NodeRows, type NodeTable } from '../node-table.ts'
import type { Abilities } from './abilities.ts'
import { isLoss, isRetryable, type Connection, type Statement } from './connection.ts'
import { reasonOf } from './reasons.ts'
import { Link, type LinkOptions } from './link.ts'
import type { Lineage } from './lineage.ts'
import { CHANNEL } from './log.ts'
import { streamEnds, type StreamEnd } from './streams.ts'

type TableOptions = Omit<LinkOptions, 'prepare'> & {
  readonly abilities: Abilities
  readonly lineage: Lineage
}

/**
 * The table over a connection of its own.
 *
 * @param notifier Whether acknowledgements are sent over it.
 */
export function postgresNodeTable(
  { abilities, lineage, ...options }: TableOptions,
  notifier: boolean,
): NodeTable {
  const readHeads = (connection: Connection): Promise<Position> =>
    lineage.read(() => connection.run<StreamEnd>(streamEnds))
  // Before anything is said over a new connection: a database that was set back must not hear how
  // far this node has come in the log that is gone.
  const link = new Link({ ...options, prepare: readHeads })
  const over = (connection: Connection): NodeRows =>
    rowsOver(connection, () => readHeads(connection), abilities, notifier)
  return {
    connect: async () => over(await link.connect()),
    use: (work) => link.use((connection) => work(over(connection))),
    failed(error) {
      if (isLoss(error)) link.drop()
      return reasonOf(error)
    },
    close: () => link.close(),
  }
}

const add: Statement = {
  name: 'node_add',
  text: `INSERT INTO nodes (member, name, lease_ms, renewals, acknowledged)
    VALUES ($1, $2, $3, 0, $4) ON CONFLICT (member) DO NOTHING`,
}

const list: Statement = {
  name: 'node_list',
  text: 'SELECT member, name, lease_ms, renewals, acknowledged FROM nodes ORDER BY member',
}

const renew: Statement = {
  name: 'node_renew',
  text: `UPDATE nodes SET renewals = renewals + 1, acknowledged = $2 WHERE member = $1 RETURNING 1`,
}

const acknowledge: Statement = {
  name: 'node_acknowledge',
  text: 'UPDATE nodes SET acknowledged = $2 WHERE member = $1',
}

const notify: Statement = { name: 'node_notify', text: `SELECT pg_notify('${CHANNEL}', $1)` }

const remove: Statement = {
  name: 'node_remove',
  text: 'DELETE FROM nodes WHERE member = $1 AND ($2::bigint IS NULL OR renewals = $2)',
}

/** How often a renewal is tried that met another transaction; no other node changes the row. */
const ATTEMPTS = 5

/** Does something again that a database refused for its order: nothing of it was stored. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS || !isRetryable(error)) throw error
    }
  }
}

function rowsOver(
  connection: Connection,
  readHeads: NodeRows['heads'],
  { settings }: Abilities,
  notifier: boolean,
): NodeRows {
  return {
    heads: readHeads,
    async add({ member, name, lease_ms: leaseMs, acknowledged }) {
      await connection.run(add, [member, name, leaseMs, acknowledged])
    },
    list: () => connection.run<NodeRow>(list),
    async renew(member, acknowledged) {
      // Two transactions, in this order: a node that does not see this renewal has committed before
      // the second one, which then sees what was committed. The first waits for the disk and the
      // standby like every commit, so that a failover cannot take it back.
      const [renewed, position] = await repeated(() =>
        Promise.all([connection.run(renew, [member, writePosition(acknowledged)]), readHeads()]),
      )
      return renewed.length === 1 ? position : undefined
    },
    async tell({ member, name }, acknowledged) {
      // The next renewal says it again, so it does not wait for the disk.
      await repeated(() =>
        Promise.all([
          connection.command('BEGIN'),
          ...(settings ? [connection.command('SET LOCAL synchronous_commit = off')] : []),
          connection.run(acknowledge, [member, writePosition(acknowledged)]),
          ...(notifier ? [connection.run(notify, [`node ${name}`])] : []),
          connection.command('COMMIT'),
        ]),
      )
    },
    async remove(member, renewals) {
      await connection.run(remove, [member, renewals ?? null])
    },
  }
}
