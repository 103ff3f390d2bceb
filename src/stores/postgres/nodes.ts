/** The rows of nodes: a renewal counter and an acknowledged position for each start of a process. */
import type { Position } from '../../domain/revocation.ts'
import { writePosition, type NodeRow, type NodeRows, type NodeTable } from '../node-table.ts'
import { isLoss, reasonOf, type Connection, type Statement } from './connection.ts'
import { Link, type LinkOptions } from './link.ts'
import { CHANNEL } from './log.ts'
import { heads } from './streams.ts'

/**
 * The table over a connection of its own.
 *
 * @param bell Whether acknowledgements ring it.
 */
export function postgresNodeTable(options: Omit<LinkOptions, 'prepare'>, bell: boolean): NodeTable {
  const link = new Link({ ...options, prepare: () => Promise.resolve() })
  return {
    connect: async () => rowsOver(await link.connect(), bell),
    use: (work) => link.use((connection) => work(rowsOver(connection, bell))),
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

const ring: Statement = { name: 'node_ring', text: `SELECT pg_notify('${CHANNEL}', $1)` }

const remove: Statement = {
  name: 'node_remove',
  text: 'DELETE FROM nodes WHERE member = $1 AND ($2::bigint IS NULL OR renewals = $2)',
}

function rowsOver(connection: Connection, bell: boolean): NodeRows {
  const readHeads = async (): Promise<Position> => {
    const streams = await connection.run<{ name: string; head: number }>(heads)
    return new Map(streams.map(({ name, head }) => [name, head]))
  }
  return {
    heads: readHeads,
    async add({ member, name, lease_ms: leaseMs, acknowledged }) {
      await connection.run(add, [member, name, leaseMs, acknowledged])
    },
    list: () => connection.run<NodeRow>(list),
    async renew(member, acknowledged) {
      // Two transactions, in this order: whoever does not see this renewal has committed before the
      // second one, which then sees what was committed. The first waits for the disk and the
      // standby like every commit, so that a failover cannot take it back.
      const [renewed, position] = await Promise.all([
        connection.run(renew, [member, writePosition(acknowledged)]),
        readHeads(),
      ])
      return renewed.length === 1 ? position : undefined
    },
    async tell({ member, name }, acknowledged) {
      // The next renewal says it again, so it does not wait for the disk.
      await Promise.all([
        connection.command('BEGIN'),
        connection.command('SET LOCAL synchronous_commit = off'),
        connection.run(acknowledge, [member, writePosition(acknowledged)]),
        ...(bell ? [connection.run(ring, [`node ${name}`])] : []),
        connection.command('COMMIT'),
      ])
    },
    async remove(member, renewals) {
      await connection.run(remove, [member, renewals ?? null])
    },
  }
}
