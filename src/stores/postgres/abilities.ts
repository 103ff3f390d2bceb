/**
 * What a database can do that others which speak PostgreSQL's protocol cannot. The statements of
 * this store use nothing else that one of them lacks (`test/stores/refused-sql.ts` has the list,
 * with sources); what only makes PostgreSQL quicker or safer is asked for here, by name.
 */
import type { Connection } from './connection.ts'

export interface Abilities {
  /** Product and version, for the operator. */
  readonly product: string
  /** `LISTEN` and `NOTIFY` arrive, whichever of its machines a node is connected to. */
  readonly notifier: boolean
  /** A column may have `COLLATE "C"`. Without it, names must be ordered by their bytes anyway. */
  readonly collations: boolean
  /** Several changes of the schema are one transaction: all of them happen, or none. */
  readonly atomicSchema: boolean
  /** The planner's settings (`enable_…`, `jit`), and `synchronous_commit`, mean what they say. */
  readonly settings: boolean
  /** `LOCK TABLE`. */
  readonly tableLocks: boolean
  /** `pg_stat_activity` and its like tell of every connection, and settings of the whole server. */
  readonly activity: boolean
}

const everything: Omit<Abilities, 'product'> = {
  notifier: true,
  collations: true,
  atomicSchema: true,
  settings: true,
  tableLocks: true,
  activity: true,
}

const nothing: Omit<Abilities, 'product'> = {
  notifier: false,
  collations: false,
  atomicSchema: false,
  settings: false,
  tableLocks: false,
  activity: false,
}

/**
 * What the answer to `SELECT version()` stands for. An unknown server is assumed to have the least,
 * which is enough.
 *
 * YugabyteDB is a fork of PostgreSQL and has its collations and settings; `LISTEN`, `LOCK TABLE`
 * and schema changes in transactions it has only where they were switched on, which cannot be seen
 * from here, and its views cover one machine.
 */
export function abilitiesOf(version: string): Abilities {
  const yugabyte = /^PostgreSQL \S*-YB-(\S+)/.exec(version)
  if (yugabyte !== null) {
    const product = `YugabyteDB ${yugabyte[1] ?? ''}`
    return { ...nothing, collations: true, settings: true, product }
  }
  const [, product] = /^(PostgreSQL \S+)/.exec(version) ?? []
  if (product !== undefined) return { ...everything, product }
  const [, cockroach] = /^CockroachDB.*? (v\S+)/.exec(version) ?? []
  return { ...nothing, product: cockroach === undefined ? version : `CockroachDB ${cockroach}` }
}

/** Asks the database what it is. */
export async function readAbilities(connection: Connection): Promise<Abilities> {
  const [row] = await connection.run<{ version: string }>({
    name: 'version',
    text: 'SELECT version() AS version',
  })
  return abilitiesOf(row?.version ?? 'an unknown database')
}
