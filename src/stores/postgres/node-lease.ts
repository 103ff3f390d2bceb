/** The leases of nodes in PostgreSQL: the rules of `../node-lease.ts` over the table `nodes`. */
import type { NodeLeases } from '../../ports/node-lease.ts'
import { keepNodeLeases, type NodeLeaseTerms } from '../node-lease.ts'
import { postgresNodeTable } from './nodes.ts'
import type { Shared } from './store.ts'

export interface NodeLeaseOptions extends NodeLeaseTerms {
  /** `shared` of the node's store. */
  readonly shared: Shared
}

/** @throws {Error} If the terms are out of range. */
export function createNodeLeases({ shared, ...terms }: NodeLeaseOptions): NodeLeases {
  const { url, stream, abilities, notifier, lineage, clock, random, log } = shared
  return keepNodeLeases({
    node: stream,
    clock,
    log,
    notifier,
    openTable(leaseMs) {
      const name = `outright ${stream} lease`
      const times = { answerMs: leaseMs, patienceMs: leaseMs }
      const options = { url, name, ...times, clock, random, abilities, lineage }
      return postgresNodeTable(options, notifier !== undefined)
    },
    ...terms,
  })
}
