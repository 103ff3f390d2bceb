/** Stores in databases of their own. */
import type { Store } from '../../src/ports/store.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import type { StoreUnderTest } from '../../src/stores/contract.ts'
import { abilitiesOf, readAbilities, type Abilities } from '../../src/stores/postgres/abilities.ts'
import { Connection } from '../../src/stores/postgres/connection.ts'
import { migrate } from '../../src/stores/postgres/migrations.ts'
import {
  openPostgresStore,
  type PostgresOptions,
  type PostgresStore,
} from '../../src/stores/postgres/store.ts'
import type { TestPostgres } from '../../src/testing/postgres.ts'

/** What a store may meet, and what it does with it. */
export interface Mode {
  readonly name: string
  /** Of the server. */
  readonly settings: Readonly<Record<string, string>>
  /** Of every node. */
  readonly options: Partial<PostgresOptions>
}

/**
 * PostgreSQL as it is, and PostgreSQL as a distributed database would be: nothing is used that
 * CockroachDB lacks, and transactions are refused for their order.
 */
export const modes: readonly [Mode, Mode] = [
  { name: 'PostgreSQL', settings: {}, options: {} },
  {
    name: 'what CockroachDB can do',
    settings: { default_transaction_isolation: 'serializable' },
    options: { abilities: abilitiesOf('CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu)') },
  },
]

/** Opens a node's store. */
export function openNode(
  url: string,
  stream: string,
  options: Partial<PostgresOptions> = {},
): Promise<PostgresStore> {
  return openPostgresStore({
    url,
    stream,
    clock: systemClock,
    random: systemRandom(),
    log: silentLog,
    ...options,
  })
}

/** A database of each server that has all tables and no row: to copy it is quicker than to make it. */
const migrated = new WeakMap<TestPostgres, Promise<string>>()

async function makeMigrated(server: TestPostgres, given?: Abilities): Promise<string> {
  const url = await server.createDatabase()
  const connection = await Connection.open({ url, name: 'schema', answerMs: 30_000 })
  await migrate(connection, given ?? (await readAbilities(connection)))
  await connection.end()
  return url
}

/** A store in an empty database of that server. */
export async function temporaryPostgres(
  server: TestPostgres,
  options: Partial<PostgresOptions> = {},
): Promise<StoreUnderTest> {
  const known = migrated.get(server) ?? makeMigrated(server, options.abilities)
  migrated.set(server, known)
  const url = await server.createDatabase(await known)
  const store = await openNode(url, 'node-1', options)
  let current: Store = store
  return {
    store,
    async reopen() {
      await current.close()
      current = await openNode(url, 'node-1', options)
      return current
    },
    close: () => current.close(),
  }
}
