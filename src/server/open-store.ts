import { join } from 'node:path'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import { createNodeLeases } from '../stores/postgres/node-lease.ts'
import { openPostgresStore } from '../stores/postgres/store.ts'
import { openSqliteStore } from '../stores/sqlite/store.ts'
import type { World } from './world.ts'
import type { Config } from './config.ts'
import { DATABASE_FILE } from './offline.ts'

export interface OpenedStore {
  readonly store: Store
  /** How this node and the others wait for each other; undefined where it is the only one. */
  readonly leases: NodeLeases | undefined
  /** Copies the database to a file; undefined where the database has tools of its own for it. */
  readonly backup: ((to: string) => Promise<void>) | undefined
  /** Resolves with the reason when this process can never write again. */
  readonly stopped: Promise<string>
}

/** The stream of the only node on SQLite. */
const ONLY_NODE = 'node-1'

/**
 * Opens the store that the configuration names: PostgreSQL where there is a URL, otherwise SQLite.
 *
 * @throws {Refusal} `store_unavailable` where PostgreSQL cannot be reached.
 * @throws {Error} Where it cannot be opened; the message says why.
 */
export async function openStore(config: Config, world: World): Promise<OpenedStore> {
  const { databaseUrl } = config
  const { log } = world
  if (databaseUrl !== undefined) return openPostgres(databaseUrl, config, world)
  const { promise: stopped, resolve: onStopped } = Promise.withResolvers<string>()
  const store = await openSqliteStore({
    path: join(config.dataDir, DATABASE_FILE),
    stream: ONLY_NODE,
    durability: config.durability,
    log,
    lostLogouts: config.afterRestore === 'refuse' ? 'refuse' : 'accept',
    onStopped,
  })
  return { store, leases: undefined, backup: (to) => store.backup(to), stopped }
}

async function openPostgres(url: string, config: Config, world: World): Promise<OpenedStore> {
  const { node, leaseMs, renewMs } = config
  const { clock, random, log } = world
  const { promise: stopped, resolve: onStopped } = Promise.withResolvers<string>()
  const store = await openPostgresStore({ url, stream: node, clock, random, log, onStopped })
  const leases = createNodeLeases({ shared: store.shared, leaseMs, renewMs })
  return { store, leases, backup: undefined, stopped }
}
