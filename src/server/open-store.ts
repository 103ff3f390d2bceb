import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Store } from '../ports/store.ts'
import { createNodeLeases } from '../stores/postgres/node-lease.ts'
import { openPostgresStore } from '../stores/postgres/store.ts'
import { openSqliteStore } from '../stores/sqlite/store.ts'
import type { World } from './compose.ts'
import type { Config } from './config.ts'

export interface OpenedStore {
  readonly store: Store
  /** How this node and the others wait for each other; undefined where it is the only one. */
  readonly leases: NodeLeases | undefined
  /** Copies the database to a file; undefined where the database has tools of its own for it. */
  readonly backup: ((to: string) => Promise<void>) | undefined
}

/** The stream of the only node on SQLite. */
const ONLY_NODE = 'node-1'

/** Opens the store that the configuration names: PostgreSQL where there is a URL, otherwise SQLite. */
export async function openStore(config: Config, world: World): Promise<OpenedStore> {
  const { databaseUrl, leaseMs, renewMs } = config
  const { clock, random, log } = world
  if (databaseUrl !== undefined) {
    const store = await openPostgresStore({
      url: databaseUrl,
      stream: config.node,
      clock,
      random,
      log,
    })
    const leases = createNodeLeases({ shared: store.shared, leaseMs, renewMs })
    return { store, leases, backup: undefined }
  }
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const store = await openSqliteStore({
    path: join(config.dataDir, 'outright.db'),
    stream: ONLY_NODE,
    durability: config.durability,
    log,
  })
  return { store, leases: undefined, backup: (to) => store.backup(to) }
}
