/** Stores in databases of their own. */
import type { Store } from '../../src/ports/store.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import type { StoreUnderTest } from '../../src/stores/contract.ts'
import { abilitiesOf } from '../../src/stores/postgres/abilities.ts'
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

/** A store in an empty database of that server. */
export async function temporaryPostgres(
  server: TestPostgres,
  options: Partial<PostgresOptions> = {},
): Promise<StoreUnderTest> {
  const url = await server.createDatabase()
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
