/**
 * Settings of `issuer` that do not go with the data. Tokens name the one under which they were
 * issued, and no other is accepted: so whoever changes it is told, and nodes of one database that
 * have different ones are named. It is kept beside the data, for the installation and for each
 * node.
 */
import { Refusal } from '../domain/failure.ts'
import type { Log } from '../ports/log.ts'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import { readSettingText, SETTING_KIND, settingTexts, writeSettingText } from './settings.ts'

export interface NodeIssuer {
  readonly node: string
  readonly issuer: string
}

/** The setting of the node that started last. */
const LAST = 'issuer'
/** That of each node on PostgreSQL. */
const PREFIX = 'issuer '

/** What the doctor asks a database: the nodes that run, or that crashed last. */
export const nodeIssuersSql: string = `SELECT DISTINCT nodes.name AS node, tickets.value AS issuer
  FROM nodes JOIN tickets ON tickets.kind = '${SETTING_KIND}' AND tickets.key = '${PREFIX}' || nodes.name
  ORDER BY nodes.name`

/** Those that do not have this one. */
export function otherIssuers(issuer: string, all: readonly NodeIssuer[]): readonly NodeIssuer[] {
  return all.filter((one) => one.issuer !== issuer)
}

type IssuerStore = Pick<
  Store,
  'stream' | 'putTicket' | 'findTicket' | 'listTickets' | 'lastAccessExpiryMs'
>

/**
 * Keeps the issuer of this node, which may have joined others. Warns where tokens of another one
 * may still be out, and of nodes that have another one.
 *
 * @param leases Undefined where there are no other nodes.
 */
export async function tellIssuer(
  store: IssuerStore,
  leases: NodeLeases | undefined,
  issuer: string,
  nowMs: number,
  log: Log,
): Promise<void> {
  const own = `${PREFIX}${store.stream}`
  const last = await readSettingText(store, LAST)
  // Earlier versions kept the issuers of nodes alone.
  const former = last ?? (await readSettingText(store, own))
  if (former !== undefined && former !== issuer && (await store.lastAccessExpiryMs()) > nowMs) {
    log.warn(
      { former, issuer },
      'The issuer has changed, and tokens of the former one are out: they are refused from now on, ' +
        'here and by guards, and so is a logout with one. Sessions go on, and their refresh tokens ' +
        'get tokens of the new issuer. If this was not meant, set the former one again',
    )
  }
  if (last !== issuer) await keepLast(store, issuer)
  if (leases === undefined) return
  await writeSettingText(store, own, issuer)
  // Not waited for, and it handles its own failures: a slow node must not keep this one from starting.
  void compareIssuers(store, leases, issuer, log)
}

/** A server starts on a full disk, too: then the next start says it again. */
async function keepLast(store: IssuerStore, issuer: string): Promise<void> {
  try {
    await writeSettingText(store, LAST, issuer)
  } catch (error) {
    if (!(error instanceof Refusal) || error.failure.kind !== 'store_unavailable') throw error
  }
}

async function compareIssuers(
  store: IssuerStore,
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
