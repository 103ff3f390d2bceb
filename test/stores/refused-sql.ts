/**
 * SQL that the PostgreSQL-compatible distributed databases lack, and that the store therefore does
 * not use, or only where `abilities.ts` says that it is there. Each with the reason and where it is
 * said; checked against statements that were really sent (`recordStatements`).
 */
import pg from 'pg'

interface Refused {
  readonly name: string
  /** True for a statement that uses it. Comments and strings are gone, space is single. */
  readonly uses: (statement: string) => boolean
  readonly why: string
  readonly source: string
}

function matches(pattern: RegExp): (statement: string) => boolean {
  return (statement) => pattern.test(statement)
}

const COCKROACH = 'https://github.com/cockroachdb/cockroach'
const COCKROACH_DOCS = 'https://www.cockroachlabs.com/docs/stable'
const YUGABYTE = 'https://github.com/yugabyte/yugabyte-db'
const YUGABYTE_DOCS = 'https://docs.yugabyte.com/stable'

/** Tables that a statement changes, once for each change. */
function changed(statement: string): readonly string[] {
  return [...statement.matchAll(/\b(?:INSERT INTO|UPDATE|DELETE FROM) (?!SKIP\b)(\w+)/gi)].flatMap(
    (found) => {
      const before = statement.slice(0, found.index)
      // `FOR UPDATE` locks, and `DO UPDATE` belongs to the INSERT before it.
      return /\b(?:FOR|DO) $/i.test(before) ? [] : [found[1] ?? '']
    },
  )
}

export const refusedSql: readonly Refused[] = [
  {
    name: 'collations',
    uses: matches(/\bCOLLATE\b/i),
    why: 'CockroachDB has no column with COLLATE "C"; its order is that of bytes anyway',
    source: `${COCKROACH}/pull/96828`,
  },
  {
    name: 'LISTEN and NOTIFY',
    uses: matches(/^(?:UN)?LISTEN\b|^NOTIFY\b|\bpg_notify\b/i),
    why: 'CockroachDB has none; YugabyteDB from 2025.2.3 on, where it is switched on',
    source: `${COCKROACH}/issues/41522`,
  },
  {
    name: 'advisory locks',
    uses: matches(/\bpg_(?:try_)?advisory/i),
    why: 'in CockroachDB they do nothing, and say that they have locked',
    source: `${COCKROACH}/issues/13546`,
  },
  {
    name: 'locks of tables',
    uses: matches(/^LOCK\b/i),
    why: 'CockroachDB does not know the statement; YugabyteDB only where it is switched on',
    source: `${COCKROACH}/issues/43654, ${YUGABYTE}/issues/5384`,
  },
  {
    name: 'settings',
    uses: matches(/^SET (?!(?:LOCAL )?idle_in_transaction_session_timeout\b)/i),
    why: 'CockroachDB refuses the planner’s, such as enable_hashjoin, and keeps synchronous_commit for show',
    source: `${COCKROACH}/blob/master/pkg/sql/unsupported_vars.go`,
  },
  {
    name: 'a table that is changed twice',
    uses: (statement) => new Set(changed(statement)).size < changed(statement).length,
    why: 'CockroachDB refuses it, because it could damage an index',
    source: `${COCKROACH}/pull/71595`,
  },
  {
    name: 'several statements in one text',
    uses: matches(/;\s*\S/),
    why: 'they are one transaction, and changes of the schema in one are not atomic in CockroachDB',
    source: `${COCKROACH_DOCS}/online-schema-changes`,
  },
  {
    name: 'whatever columns there are',
    // `g` is what the store calls a table that it made of arrays.
    uses: matches(/(?:\bSELECT|,|\bRETURNING) (?!g\.)(?:\w+\.)?\*(?! FROM unnest)/i),
    why: 'a prepared statement fails once a newer node has added a column: on PostgreSQL itself with 0A000',
    source: `${COCKROACH_DOCS}/online-schema-changes#limitations`,
  },
  {
    name: 'SERIAL',
    uses: matches(/\b(?:BIG|SMALL)?SERIAL\b/i),
    why: 'its numbers are larger than JavaScript’s in CockroachDB; those of identity columns come from a sequence',
    source: `${COCKROACH_DOCS}/serial, https://github.com/cockroachdb/docs/issues/11451`,
  },
  {
    name: 'triggers and functions of our own',
    uses: matches(/\bCREATE (?:OR REPLACE )?(?:TRIGGER|FUNCTION|PROCEDURE|RULE)\b|^DO\b|^CALL\b/i),
    why: 'CockroachDB has triggers from 24.3 on, and its functions are not PostgreSQL’s',
    source: `${COCKROACH_DOCS}/postgresql-compatibility`,
  },
  {
    name: 'temporary tables',
    uses: matches(/\bTEMP(?:ORARY)?\b/i),
    why: 'an experiment in CockroachDB, off by default',
    source: `${COCKROACH}/issues/46260`,
  },
  {
    name: 'cursors',
    uses: matches(/^DECLARE\b|^FETCH\b|\bWITH HOLD\b/i),
    why: 'CockroachDB has them since 22.1, with limits; pages by key do the same everywhere',
    source: `${COCKROACH}/issues/41412`,
  },
  {
    name: 'places of rows and numbers of transactions',
    uses: matches(/\b(?:ctid|xmin|xmax|txid_\w+|pg_current_xact_id|pg_snapshot_\w+)\b/i),
    why: 'they belong to the way in which PostgreSQL itself stores rows',
    source: 'https://www.postgresql.org/docs/current/ddl-system-columns.html',
  },
  {
    name: 'views of the server',
    uses: matches(/\bpg_stat_\w+|\bpg_locks\b|\bpg_settings\b/i),
    why: 'CockroachDB’s are empty, YugabyteDB’s tell of one machine',
    source: `https://github.com/cockroachdb/docs/pull/18264, ${YUGABYTE_DOCS}/explore/observability/cluster-wide-db-views/`,
  },
]

/** What a statement uses that is refused, as a line for each. */
export function refusalsOf(text: string): readonly string[] {
  const bare = text
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/\s+/g, ' ')
    .trim()
  return refusedSql
    .filter(({ uses }) => uses(bare))
    .map(({ name, why, source }) => `${name} (${why}: ${source}): ${bare.slice(0, 200)}`)
}

export interface Sent {
  readonly client: object
  readonly text: string
}

export interface Recording {
  readonly sent: readonly Sent[]
  /** How many were answered with each SQLSTATE. */
  readonly failures: ReadonlyMap<string, number>
  stop(): void
}

/** Notes every statement that this process sends to PostgreSQL, until `stop`. */
export function recordStatements(): Recording {
  const sent: Sent[] = []
  const failures = new Map<string, number>()
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown }
  const original = prototype.query
  prototype.query = function query(this: object, ...args: unknown[]): unknown {
    const [first] = args
    const text = typeof first === 'string' ? first : (first as { readonly text: string }).text
    sent.push({ client: this, text })
    const answer = original.apply(this, args)
    void Promise.resolve(answer).catch((error: unknown) => {
      const code = error instanceof pg.DatabaseError ? (error.code ?? '') : ''
      failures.set(code, (failures.get(code) ?? 0) + 1)
    })
    return answer
  }
  return {
    sent,
    failures,
    stop() {
      prototype.query = original
    },
  }
}

/** Changes of the schema that were sent inside a transaction of several statements. */
export function schemaInTransaction(sent: readonly Sent[]): readonly string[] {
  const open = new Set<object>()
  return sent.flatMap(({ client, text }) => {
    if (/^\s*BEGIN\b/i.test(text)) open.add(client)
    if (/^\s*(?:COMMIT|ROLLBACK)\b/i.test(text)) open.delete(client)
    return open.has(client) && /^\s*(?:CREATE|ALTER|DROP)\b/i.test(text) ? [text] : []
  })
}
