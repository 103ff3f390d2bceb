/** Whether this PostgreSQL keeps what it has acknowledged, and lets nodes work as they are made to. */
import pg from 'pg'
import type { Clock } from '../../ports/clock.ts'
import { abilitiesOf, type Abilities } from '../../stores/postgres/abilities.ts'
import { reasonOf as reasonOfDatabase } from '../../stores/postgres/reasons.ts'
import { migrations } from '../../stores/postgres/schema/index.ts'
import { DEMO_MARK_LIKE } from '../demo.ts'
import { nodeIssuersSql, otherIssuers, type NodeIssuer } from '../node-issuers.ts'
import { examineWall } from './clocks.ts'
import { fail, ok, reasonOf, warn, type Finding } from './finding.ts'
import { examineNotifications } from './postgres-notifications.ts'
import { judgeDatabase, judgeLooking } from './postgres-database.ts'
import { judgeIdentities, judgeSchema } from './sqlite.ts'

/** The store asks for `MATERIALIZED` in its queries. */
const OLDEST_VERSION = 120_000
/** Connections that one node holds: writes, reads, lists, follows, the notifier, its lease. */
export const CONNECTIONS_PER_NODE = 7
const CONNECT_MS = 5000

/** Every check of a database server. Changes nothing in the database. */
export async function* examinePostgres(
  url: string,
  issuer: string,
  clock: Clock,
): AsyncGenerator<Finding> {
  const client = connectionTo(url)
  try {
    await client.connect()
  } catch (error) {
    const advice = 'check the URL, the server and its pg_hba.conf'
    yield fail('postgres.reach', reasonOfDatabase(error), advice)
    await client.end().catch(() => undefined)
    return
  }
  try {
    const abilities = await abilitiesOfServer(client)
    yield judgeDatabase(abilities)
    yield judgeVersion(await readVersion(client))
    if (abilities.activity) yield* judgeState(await readState(client))
    yield* examineDatabase(client, issuer)
    yield await examineWall(clock, () => databaseMs(client))
    yield abilities.notifier
      ? await examineNotifications(client, () => connectionTo(url))
      : judgeLooking()
  } catch (error) {
    yield fail('postgres.reach', `it broke off: ${reasonOf(error)}`, 'look at the server’s log')
  } finally {
    await client.end().catch(() => undefined)
  }
}

function connectionTo(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'outright doctor',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  })
  // A connection that ends while nothing is asked would end the process.
  client.on('error', () => undefined)
  return client
}

async function abilitiesOfServer(client: pg.Client): Promise<Abilities> {
  const { rows } = await client.query<{ version: string }>('SELECT version() AS version')
  return abilitiesOf(rows[0]?.version ?? 'an unknown database')
}

/** What the server says of itself, in this session: roles and databases may have settings, too. */
export interface PostgresState {
  readonly settings: Readonly<Record<string, string>>
  readonly inRecovery: boolean
  readonly standbys: number
  readonly synchronousStandbys: number
  readonly freeConnections: number
  readonly encrypted: boolean
  readonly local: boolean
}

async function readState(client: pg.Client): Promise<PostgresState> {
  const settings = await client.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings',
  )
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT pg_is_in_recovery() AS recovering,
      (SELECT count(*)::int FROM pg_stat_replication) AS standbys,
      (SELECT count(*)::int FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS sync,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      (SELECT rolconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user)
        FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0)::int AS role_free,
      (SELECT datconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
        FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0)::int AS database_free,
      coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
      inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'
        OR inet_server_addr() = '::1' AS local`,
  )
  const row = rows[0] ?? {}
  const named = Object.fromEntries(settings.rows.map(({ name, setting }) => [name, setting]))
  const reserved =
    Number(named['superuser_reserved_connections'] ?? 0) +
    Number(named['reserved_connections'] ?? 0)
  const free = [Number(named['max_connections']) - reserved - Number(row['used'])]
  for (const limited of [row['role_free'], row['database_free']]) {
    if (typeof limited === 'number') free.push(limited)
  }
  return {
    settings: named,
    inRecovery: row['recovering'] === true,
    standbys: Number(row['standbys']),
    synchronousStandbys: Number(row['sync']),
    freeConnections: Math.min(...free),
    encrypted: row['encrypted'] === true,
    local: row['local'] === true,
  }
}

/** Every check that needs nothing but what the server says of itself. */
export function* judgeState(state: PostgresState): Generator<Finding> {
  yield judgeRole(state)
  yield judgeDisk(state, 'fsync', 'a crash of the machine loses and damages what was committed')
  yield judgeDisk(
    state,
    'full_page_writes',
    'a crash may leave half a page, which cannot be repaired',
  )
  yield judgeCommit(state)
  yield judgeReplication(state)
  yield judgeConnections(state)
  yield judgeIsolation(state)
  yield judgeTimeouts(state)
  yield judgeEncoding(state)
  yield judgeEncryption(state)
}

interface Version {
  readonly version: string
  readonly number: string
}

/** The version of PostgreSQL, or the one that another database means to be like. */
async function readVersion(client: pg.Client): Promise<Version> {
  const { rows } = await client.query<Version>(
    `SELECT current_setting('server_version') AS version,
      current_setting('server_version_num') AS number`,
  )
  return rows[0] ?? { version: 'unknown', number: '0' }
}

function judgeVersion({ version, number }: Version): Finding {
  const check = 'postgres.version'
  if (Number(number) >= OLDEST_VERSION) return ok(check, version)
  return fail(check, `${version} is too old`, 'use PostgreSQL 12 or newer')
}

function judgeRole({ settings, inRecovery }: PostgresState): Finding {
  const check = 'postgres.writable'
  if (inRecovery) {
    return fail(
      check,
      'it is a standby',
      'name the primary, or add target_session_attrs to the URL',
    )
  }
  if (settings['default_transaction_read_only'] === 'on') {
    return fail(check, 'default_transaction_read_only is on', 'turn it off for this role')
  }
  return ok(check, 'it takes writes')
}

function judgeDisk({ settings }: PostgresState, name: string, consequence: string): Finding {
  const check = `postgres.${name.replaceAll('_', '-')}`
  if (settings[name] === 'on') return ok(check, 'on')
  return fail(check, `off: ${consequence}`, `set ${name} = on in postgresql.conf and restart`)
}

function judgeCommit({ settings, standbys }: PostgresState): Finding {
  const check = 'postgres.synchronous-commit'
  const mode = settings['synchronous_commit'] ?? 'unknown'
  const advice = 'set synchronous_commit = on, for the role and the database as well'
  if (mode === 'off') {
    return fail(check, 'off: a logout is answered before the disk has it', advice)
  }
  if (['on', 'remote_apply'].includes(mode) || standbys === 0) return ok(check, mode)
  return warn(check, `${mode}: a failover may lose the last logouts`, advice)
}

function judgeReplication(state: PostgresState): Finding {
  const check = 'postgres.replication'
  const { settings, standbys, synchronousStandbys } = state
  const names = settings['synchronous_standby_names'] ?? ''
  if (names !== '' && synchronousStandbys === 0) {
    return fail(
      check,
      'synchronous_standby_names is set and no such standby is connected: every commit waits',
      'start the standby, or empty synchronous_standby_names',
    )
  }
  if (names !== '')
    return ok(check, `${String(synchronousStandbys)} synchronous of ${String(standbys)} standbys`)
  if (standbys === 0) return ok(check, 'no standby: it survives a crash, not the loss of its disk')
  return warn(
    check,
    `${String(standbys)} standbys, none of them synchronous: a failover loses the last logouts`,
    'name at least one in synchronous_standby_names',
  )
}

function judgeConnections({ freeConnections: free }: PostgresState): Finding {
  const check = 'postgres.connections'
  const measured = `${String(free)} free, and a node takes ${String(CONNECTIONS_PER_NODE)}`
  const advice = 'raise max_connections, or the limit of the role or the database'
  if (free < CONNECTIONS_PER_NODE) return fail(check, measured, advice)
  if (free < CONNECTIONS_PER_NODE * 3) return warn(check, measured, advice)
  return ok(check, measured)
}

function judgeIsolation({ settings }: PostgresState): Finding {
  const check = 'postgres.isolation'
  const level = settings['default_transaction_isolation'] ?? 'unknown'
  if (level === 'read committed') return ok(check, level)
  return warn(
    check,
    `${level}: what meets another transaction is refused and tried again, which takes its time`,
    "set default_transaction_isolation = 'read committed' for this role",
  )
}

/** In milliseconds as `pg_settings` gives them; 0 is none. The longest statement walks the log. */
const MAX_STATEMENT_MS = 120_000

function judgeTimeouts({ settings }: PostgresState): Finding {
  const check = 'postgres.timeouts'
  for (const name of ['statement_timeout', 'transaction_timeout']) {
    const ms = Number(settings[name] ?? 0)
    if (ms > 0 && ms < MAX_STATEMENT_MS) {
      const measured = `${name} is ${String(ms)} ms: a node that starts with a long log would fail`
      return warn(check, measured, `set ${name} to 0, or to 2 minutes, for this role`)
    }
  }
  if (Number(settings['idle_session_timeout'] ?? 0) > 0) {
    const measured = 'idle_session_timeout is set: quiet nodes lose their connections'
    return warn(check, measured, 'set idle_session_timeout to 0 for this role')
  }
  return ok(check, 'none that is in the way')
}

function judgeEncoding({ settings }: PostgresState): Finding {
  const check = 'postgres.encoding'
  const encoding = settings['server_encoding'] ?? 'unknown'
  if (encoding === 'UTF8') return ok(check, encoding)
  return fail(
    check,
    `${encoding}: it cannot hold every name`,
    "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
  )
}

function judgeEncryption({ encrypted, local }: PostgresState): Finding {
  const check = 'postgres.encryption'
  if (encrypted) return ok(check, 'TLS')
  if (local) return ok(check, 'none, on this machine')
  return warn(
    check,
    'none: password hashes and signing keys travel in the clear',
    'add ?sslmode=verify-full to the URL',
  )
}

async function* examineDatabase(client: pg.Client, issuer: string): AsyncGenerator<Finding> {
  const { rows } = await client.query<{ there: string | null; create: boolean }>(
    `SELECT to_regclass('schema_migrations')::text AS there,
      has_schema_privilege(current_schema(), 'CREATE') AS create`,
  )
  const { there, create } = rows[0] ?? { there: null, create: false }
  if (!create) {
    yield warn(
      'postgres.rights',
      'this role may not make tables',
      'GRANT CREATE ON SCHEMA public, or run outright migrate with a role that may',
    )
  } else yield ok('postgres.rights', 'it may make tables')
  const known = migrations.at(-1)?.number ?? 0
  if (there === null) {
    yield judgeSchema('postgres.schema', 0, known, 0)
    return
  }
  const steps = await client.query<{ found: string; needs: string }>(
    'SELECT max(number)::text AS found, max(needs)::text AS needs FROM schema_migrations',
  )
  const { found, needs } = steps.rows[0] ?? { found: '0', needs: '0' }
  yield judgeSchema('postgres.schema', Number(found), known, Number(needs))
  if (Number(found) === 0) return
  const identities = await client.query<{ attributes: string }>(
    `SELECT attributes FROM subjects WHERE attributes LIKE $1
      UNION ALL SELECT attributes FROM clients WHERE attributes LIKE $1`,
    [DEMO_MARK_LIKE],
  )
  yield judgeIdentities(
    identities.rows.map(({ attributes }) => attributes),
    await operatorIds(client),
  )
  yield judgeIssuers(issuer, (await client.query<NodeIssuer>(nodeIssuersSql)).rows)
}

function judgeIssuers(issuer: string, nodes: readonly NodeIssuer[]): Finding {
  const check = 'postgres.issuers'
  const others = otherIssuers(issuer, nodes)
  if (others.length === 0) return ok(check, `no node has another issuer than ${issuer}`)
  const named = others.map((one) => `${one.node} has ${one.issuer}`).join(', ')
  return warn(
    check,
    `${issuer} here, and ${named}: each refuses the tokens of the others`,
    'set one issuer for all nodes, and for the doctor',
  )
}

/** A schema of before has no such table. */
async function operatorIds(client: pg.Client): Promise<string[]> {
  const { rows: tables } = await client.query("SELECT to_regclass('operators') AS name")
  if ((tables[0] as { readonly name: string | null }).name === null) return []
  const { rows } = await client.query<{ id: string }>('SELECT id FROM operators')
  return rows.map(({ id }) => id)
}

async function databaseMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: string }>(
    'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms',
  )
  return Number(rows[0]?.ms)
}
