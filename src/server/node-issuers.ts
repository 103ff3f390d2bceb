/**
 * Nodes of one database that have different settings of `issuer`: each refuses the tokens of the
 * others. Every node keeps its own beside the data, for the others and for the doctor.
 */
import type { Log } from '../ports/log.ts'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import { SETTING_KIND, settingTexts, writeSettingText } from './settings.ts'

export interface NodeIssuer {
  readonly node: string
  readonly issuer: string
}

const PREFIX = 'issuer '

/** What the doctor asks a database: the nodes that run, or that crashed last. */
export const nodeIssuersSql: string = `SELECT DISTINCT nodes.name AS node, tickets.value AS issuer
  FROM nodes JOIN tickets ON tickets.kind = '${SETTING_KIND}' AND tickets.key = '${PREFIX}' || nodes.name
  ORDER BY nodes.name`

/** Those that do not have this one. */
export function otherIssuers(issuer: string, all: readonly NodeIssuer[]): readonly NodeIssuer[] {
  return all.filter((one) => one.issuer !== issuer)
}

type NodeStore = Pick<Store, 'stream' | 'putTicket' | 'listTickets'>

/** Keeps the issuer of this node, which has joined the others, and warns of a different one. */
export async function tellIssuer(
  store: NodeStore,
  leases: NodeLeases,
  issuer: string,
  log: Log,
): Promise<void> {
  await writeSettingText(store, `${PREFIX}${store.stream}`, issuer)
  // Not waited for, and it handles its own failures: a slow node must not keep this one from starting.
  void compareIssuers(store, leases, issuer, log)
}

async function compareIssuers(
  store: NodeStore,
  leases: NodeLeases,
  issuer: string,
  log: Log,
): Promise<void> {
  try {
    // Nothing in particular is waited for: it is answered when the other nodes are known.
    await leases.confirmedUpTo(new Map())
    const running = new Set(leases.others().map(({ name }) => name))
    const all = [...(await settingTexts(store, PREFIX))].map(([name, text]) => ({
      node: name.slice(PREFIX.length),
      issuer: text,
    }))
    const others = otherIssuers(issuer, all).filter(({ node }) => running.has(node))
    if (others.length === 0) return
    log.warn(
      { issuer, others },
      'Other nodes on this database have another issuer: each refuses the tokens of the others. ' +
        'Give all of them the same setting',
    )
  } catch {
    // The store is away, which others say.
  }
}
