import { writePosition, type NodeRows, type NodeTable } from '../../../src/stores/node-table.ts'
import type { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { Line, type Wires } from './line.ts'
import type { SharedDatabase } from './shared-database.ts'

const commitMs = [0.2, 4] as const
const readMs = [0.05, 0.4] as const

/** The table of nodes, as one process reaches it. */
export function simulatedNodeTable(
  wires: Wires,
  database: SharedDatabase,
  process: SimulatedProcess,
): NodeTable {
  const rows = rowsOver(database, new Line(wires, process))
  return {
    connect: () => Promise.resolve(rows),
    use: (work) => work(rows),
    failed: String,
    close: () => Promise.resolve(),
  }
}

function rowsOver(database: SharedDatabase, line: Line): NodeRows {
  const { nodes } = database
  const heads: NodeRows['heads'] = () => line.ask(() => database.heads(), readMs)
  return {
    heads,
    add: (row) =>
      line.ask(() => {
        if (!nodes.has(row.member)) nodes.set(row.member, { ...row, renewals: 0 })
      }, commitMs),
    list: () => line.ask(() => [...nodes.values()], readMs),
    async renew(member, acknowledged) {
      const renewed = line.ask(() => {
        const row = nodes.get(member)
        if (row === undefined) return false
        const text = writePosition(acknowledged)
        nodes.set(member, { ...row, acknowledged: text, renewals: row.renewals + 1 })
        return true
      }, commitMs)
      const [done, position] = await Promise.all([renewed, heads()])
      return done ? position : undefined
    },
    tell: ({ member, name }, acknowledged) =>
      line.ask(() => {
        const row = nodes.get(member)
        if (row !== undefined)
          nodes.set(member, { ...row, acknowledged: writePosition(acknowledged) })
        database.notify(`node ${name}`)
      }, readMs),
    remove: (member, renewals) =>
      line.ask(() => {
        const row = nodes.get(member)
        if (renewals === undefined || row?.renewals === renewals) nodes.delete(member)
      }, commitMs),
  }
}
