/** A whole PostgreSQL database on its way to another store, or from one. See `transfer/transfer.ts`. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  columnsOf,
  rowOf,
  tableOf,
  emptyAtFirst,
  tables,
  valueOf,
  type Counts,
  type Row,
  type TableName,
} from '../transfer/tables.ts'
import { ChainVerifier, type TransferSource, type TransferTarget } from '../transfer/transfer.ts'
import { Connection, planForKeys } from './connection.ts'
import { readAbilities } from './abilities.ts'
import { migrate } from './migrations.ts'
import { migrations } from './schema/index.ts'
import { allOf, toCheckpoint, toRevocation, type CheckpointRow, type LogRow } from './rows.ts'

/** Rows that are handed on at once. */
const CHUNK = 500
/** A count of millions of rows, or the commit of as many, takes its time, milliseconds. */
const LONG_ANSWER_MS = 600_000

/** What identifies a row, in the order of the rows; with the types of the columns. */
const orders: Readonly<Record<TableName, readonly (readonly [string, 'text' | 'bigint'])[]>> = {
  subjects: [['id', 'text']],
  clients: [['id', 'text']],
  signing_keys: [['number', 'bigint']],
  access_horizon: [['number', 'bigint']],
  checkpoints: [['stream', 'text']],
  log: [
    ['stream', 'text'],
    ['sequence', 'bigint'],
  ],
  generations: [
    ['scope', 'text'],
    ['key', 'text'],
  ],
  sessions: [['number', 'bigint']],
  refresh_tokens: [['id', 'text']],
  tickets: [
    ['kind', 'text'],
    ['key', 'text'],
  ],
  delivery_cursors: [['stream', 'text']],
  deliveries: [['number', 'bigint']],
  foreign_sessions: [
    ['issuer', 'text'],
    ['subject', 'text'],
    ['session', 'text'],
    ['client', 'text'],
  ],
  operators: [['name', 'text']],
  passkeys: [['id', 'text']],
}

function open(url: string, name: string): Promise<Connection> {
  return Connection.open({ url, name, answerMs: LONG_ANSWER_MS })
}

/**
 * Opens a database to be read as a whole, as it is at this moment.
 *
 * @param nowMs Tickets that have expired then are left out.
 * @throws {Error} Where nodes are connected, or it has another schema.
 */
export async function openPostgresSource(url: string, nowMs: number): Promise<TransferSource> {
  const connection = await open(url, 'outright export')
  try {
    const abilities = await readAbilities(connection)
    await checkSchema(connection)
    await (abilities.activity ? checkUnserved(connection) : checkUnrenewed(connection))
    await planForKeys(connection, abilities)
    await connection.command('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // The connection's own limit is for nodes: here a slow disk on the other side must not end the
    // connection.
    await connection.command('SET LOCAL idle_in_transaction_session_timeout = 0')
    const counts = await countRows(connection, nowMs)
    return {
      counts,
      rows: (table) => readRows(connection, table, nowMs),
      close: () => connection.end(),
    }
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** A server process lives on for a moment after its node has said goodbye. */
const LOOKS = 30
const BETWEEN_LOOKS_MS = 100

/** A node names its connections: see `store.ts`. */
async function checkUnserved(connection: Connection): Promise<void> {
  let nodes = 0
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await sleep(BETWEEN_LOOKS_MS)
    nodes = (await connection.run(connectedNodes)).length
    if (nodes === 0) return
  }
  throw served(nodes)
}

/** Where connections cannot be looked at: a node that is alive renews its lease before it ends. */
async function checkUnrenewed(connection: Connection): Promise<void> {
  const before = await connection.run<NodeRow>(nodeRows)
  if (before.length === 0) return
  await sleep(Math.max(...before.map(({ lease_ms: leaseMs }) => leaseMs)))
  const renewals = new Map(before.map((row) => [row.member, row.renewals]))
  const after = await connection.run<NodeRow>(nodeRows)
  const alive = after.filter((row) => row.renewals !== renewals.get(row.member))
  if (alive.length > 0) throw served(alive.length)
}

type NodeRow = Readonly<{ member: string; renewals: number; lease_ms: number }>

const nodeRows = { name: 'transfer_leases', text: 'SELECT member, renewals, lease_ms FROM nodes' }

function served(nodes: number): Error {
  const noun = nodes === 1 ? 'node is' : 'nodes are'
  return new Error(`${String(nodes)} ${noun} connected: stop them, what they store would be lost`)
}

const connectedNodes = {
  name: 'transfer_nodes',
  text: `SELECT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'outright % writes'`,
}

async function checkSchema(connection: Connection): Promise<void> {
  const [table] = await connection.run<{ there: string | null }>({
    name: 'transfer_schema',
    text: `SELECT to_regclass('schema_migrations')::text AS there`,
  })
  if ((table?.there ?? null) === null) throw new Error('there is no database of Outright')
  const [found] = await connection.run<{ number: number; needs: number }>({
    name: 'transfer_step',
    text: 'SELECT max(number) AS number, max(needs) AS needs FROM schema_migrations',
  })
  const known = migrations.at(-1)?.number ?? 0
  if ((found?.needs ?? 0) > known) throw new Error('a newer version of Outright wrote it')
  if ((found?.number ?? 0) < known)
    throw new Error('its schema is not up to date: run outright migrate')
}

/** Counters are made before they are raised; one that was never raised is left out. */
function filters(table: TableName, nowMs: number): readonly string[] {
  if (table === 'tickets') return [`expires_at_ms >= ${String(nowMs)}`]
  return table === 'generations' ? ['generation > 0'] : []
}

async function countRows(connection: Connection, nowMs: number): Promise<Counts> {
  const counts: [string, number][] = []
  for (const { name } of tables) {
    const conditions = ['true', ...filters(name, nowMs)].join(' AND ')
    const text = `SELECT count(*) AS rows FROM ${name} WHERE ${conditions}`
    const [row] = await connection.run<{ rows: number }>({ name: `transfer_count_${name}`, text })
    counts.push([name, row?.rows ?? 0])
  }
  return Object.fromEntries(counts) as Record<TableName, number>
}

/** Page by page behind the last row, because not every database has cursors. */
async function* readRows(
  connection: Connection,
  table: TableName,
  nowMs: number,
): AsyncGenerator<readonly Row[]> {
  const order = orders[table]
  const names = order.map(([name]) => name).join(', ')
  const places = order.map(([name], index) => `${name} AS place_${String(index)}`).join(', ')
  const given = order.map(([, type], index) => `$${String(index + 1)}::${type}`).join(', ')
  const page = (name: string, behind: readonly string[]) => {
    const conditions = ['true', ...filters(table, nowMs), ...behind].join(' AND ')
    const text = `SELECT ${columnsOf(table).join(', ')}, ${places} FROM ${table} WHERE ${conditions}
      ORDER BY ${names} LIMIT ${String(CHUNK)}`
    return { name: `transfer_${name}_${table}`, text }
  }
  const [first, next] = [page('first', []), page('next', [`(${names}) > (${given})`])]
  let records = await connection.run<Record<string, unknown>>(first)
  for (;;) {
    const last = records.at(-1)
    if (last === undefined) return
    yield records.map((record) => rowOf(table, record))
    const place = order.map((_, index) => last[`place_${String(index)}`])
    records = await connection.run<Record<string, unknown>>(next, place)
  }
}

/**
 * Begins to fill a database, in one transaction that keeps nodes from starting meanwhile, or fails
 * where one has. The schema is made where there is none.
 *
 * @throws {Error} Where the database holds anything.
 */
export async function openPostgresTarget(url: string): Promise<TransferTarget> {
  const connection = await open(url, 'outright import')
  try {
    const abilities = await readAbilities(connection)
    await migrate(connection, abilities)
    await connection.command('BEGIN')
    await connection.command('SET LOCAL idle_in_transaction_session_timeout = 0')
    const names = ['streams', ...tables.map(({ name }) => name)]
    if (abilities.tableLocks) {
      await connection.command(`LOCK TABLE ${names.join(', ')} IN EXCLUSIVE MODE`)
    }
    for (const name of ['streams', ...emptyAtFirst]) await checkEmpty(connection, name)
    return new Target(connection)
  } catch (error) {
    connection.destroy()
    throw error
  }
}

async function checkEmpty(connection: Connection, table: string): Promise<void> {
  const text = `SELECT 1 FROM ${table} LIMIT 1`
  const rows = await connection.run({ name: `transfer_any_${table}`, text })
  if (rows.length > 0) throw new Error(`it is not empty: there are ${table}`)
}

class Target implements TransferTarget {
  readonly #connection: Connection
  readonly #streams = new Set<string>()
  #done = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async write(table: TableName, rows: readonly Row[]): Promise<void> {
    const columns = columnsOf(table)
    const arrays = columns.map((_, index) => rows.map((row) => row[index] ?? null))
    await this.#connection.run({ name: `transfer_write_${table}`, text: insert(table) }, arrays)
    if (table !== 'log') return
    for (const row of rows) this.#streams.add(String(valueOf('log', row, 'stream')))
  }

  async finish(): Promise<void> {
    await this.#addStreams()
    const tag = await this.#connection.command('COMMIT')
    if (tag !== 'COMMIT') throw new Error('the transaction was rolled back')
    this.#done = true
    // Before the first node plans a query over tables that were empty a moment ago.
    for (const { name } of tables) await this.#connection.command(`ANALYZE ${name}`)
    await this.#connection.end()
  }

  abort(): Promise<void> {
    if (!this.#done) this.#connection.destroy()
    return Promise.resolve()
  }

  /** Reads the log back and gives every stream its row; the node of that name goes on with it. */
  async #addStreams(): Promise<void> {
    // A node that started meanwhile has one, where no lock kept it from that.
    await checkEmpty(this.#connection, 'streams')
    const checkpoints = (await this.#connection.run<CheckpointRow>(checkpointRows)).map(
      toCheckpoint,
    )
    for (const stream of this.#streams) {
      const checkpoint = checkpoints.find((one) => one.stream === stream)
      const chain = new ChainVerifier(stream, checkpoint)
      for (let after = 0; ;) {
        const rows = await this.#connection.run<LogRow>(page, [stream, after])
        chain.follow(rows.map(toRevocation))
        const last = rows.at(-1)
        if (last === undefined) break
        after = last.sequence
      }
      chain.end(chain.last.sequence)
      const { sequence, hash } = chain.last
      await this.#connection.run(addStream, [stream, sequence, hash])
    }
  }
}

const checkpointRows = {
  name: 'transfer_checkpoints',
  text: `SELECT ${allOf('checkpoints', 'c')} FROM checkpoints c`,
}

const page = {
  name: 'transfer_log_page',
  text: `SELECT ${allOf('log', 'l')} FROM log l WHERE l.stream = $1 AND l.sequence > $2
    ORDER BY l.sequence LIMIT 5000`,
}

const addStream = {
  name: 'transfer_stream',
  text: `INSERT INTO streams (name, epoch, holder, batch, head, hash) VALUES ($1, 0, '', 0, $2, $3)`,
}

/** In the order of the rows: `number` orders lists. */
function insert(table: TableName): string {
  const columns = columnsOf(table).join(', ')
  // An entry that was planned in part is planned anew: that is the same deliveries.
  const [more, zero] = table === 'delivery_cursors' ? [', session_number', ', 0'] : ['', '']
  const arrays = Object.values(tableOf(table).columns).map((kind, index) => {
    const type = kind.startsWith('text') ? 'text' : kind.startsWith('number') ? 'bigint' : 'bytea'
    return `$${String(index + 1)}::${type}[]`
  })
  // The row of the access horizon is there from the beginning.
  const present =
    table === 'access_horizon'
      ? 'ON CONFLICT (number) DO UPDATE SET until = excluded.until, version = access_horizon.version + 1'
      : ''
  return `INSERT INTO ${table} (${columns}${more})
    SELECT ${columns}${zero} FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS g(${columns}, n) ORDER BY n
    ${present}`
}
