/** A whole PostgreSQL database on its way to another store, or from one. See `transfer/transfer.ts`. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  columnsOf,
  rowOf,
  tableOf,
  tables,
  valueOf,
  type Counts,
  type Row,
  type TableName,
} from '../transfer/tables.ts'
import { ChainVerifier, type TransferSource, type TransferTarget } from '../transfer/transfer.ts'
import { Connection } from './connection.ts'
import { migrate, migrations } from './migrations.ts'
import { toRevocation, type LogRow } from './rows.ts'

/** Rows that are handed on at once. */
const CHUNK = 500
/** A count of millions of rows, or the commit of as many, takes its time, milliseconds. */
const LONG_ANSWER_MS = 600_000

const orders: Readonly<Record<TableName, string>> = {
  subjects: 'id',
  clients: 'id',
  signing_keys: 'number',
  log: 'stream, sequence',
  generations: 'scope, key',
  sessions: 'number',
  refresh_tokens: 'id',
  tickets: 'kind, key',
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
    await checkUnserved(connection)
    await checkSchema(connection)
    await connection.command('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // The connection's own limit is for nodes: here a slow disk on the other side is no reason to end.
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
  const noun = nodes === 1 ? 'node is' : 'nodes are'
  throw new Error(`${String(nodes)} ${noun} connected: stop them, what they store would be lost`)
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

/** Counters are made before they are raised; one that never was says nothing. */
function filter(table: TableName, nowMs: number): string {
  if (table === 'tickets') return `WHERE expires_at_ms >= ${String(nowMs)}`
  return table === 'generations' ? 'WHERE generation > 0' : ''
}

async function countRows(connection: Connection, nowMs: number): Promise<Counts> {
  const counts: [string, number][] = []
  for (const { name } of tables) {
    const text = `SELECT count(*) AS rows FROM ${name} ${filter(name, nowMs)}`
    const [row] = await connection.run<{ rows: number }>({ name: `transfer_count_${name}`, text })
    counts.push([name, row?.rows ?? 0])
  }
  return Object.fromEntries(counts) as Record<TableName, number>
}

async function* readRows(
  connection: Connection,
  table: TableName,
  nowMs: number,
): AsyncGenerator<readonly Row[]> {
  const columns = columnsOf(table).join(', ')
  await connection.command(
    `DECLARE transfer_${table} NO SCROLL CURSOR FOR
      SELECT ${columns} FROM ${table} ${filter(table, nowMs)} ORDER BY ${orders[table]}`,
  )
  const fetch = {
    name: `transfer_fetch_${table}`,
    text: `FETCH ${String(CHUNK)} FROM transfer_${table}`,
  }
  for (;;) {
    const records = await connection.run<Record<string, unknown>>(fetch)
    if (records.length === 0) break
    yield records.map((record) => rowOf(table, record))
  }
  await connection.command(`CLOSE transfer_${table}`)
}

/**
 * Begins to fill a database, in one transaction that keeps nodes from starting meanwhile. The
 * schema is made where there is none.
 *
 * @throws {Error} Where the database holds anything.
 */
export async function openPostgresTarget(url: string): Promise<TransferTarget> {
  const connection = await open(url, 'outright import')
  try {
    await migrate(connection)
    await connection.command('BEGIN')
    await connection.command('SET LOCAL idle_in_transaction_session_timeout = 0')
    const names = ['streams', ...tables.map(({ name }) => name)]
    await connection.command(`LOCK TABLE ${names.join(', ')} IN EXCLUSIVE MODE`)
    for (const name of names) {
      const text = `SELECT 1 FROM ${name} LIMIT 1`
      const rows = await connection.run({ name: `transfer_any_${name}`, text })
      if (rows.length > 0) throw new Error(`it is not empty: there are ${name}`)
    }
    return new Target(connection)
  } catch (error) {
    connection.destroy()
    throw error
  }
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
    await this.#connection.command(`ANALYZE ${tables.map(({ name }) => name).join(', ')}`)
    await this.#connection.end()
  }

  abort(): Promise<void> {
    if (!this.#done) this.#connection.destroy()
    return Promise.resolve()
  }

  /** Reads the log back and gives every stream its row; the node of that name goes on with it. */
  async #addStreams(): Promise<void> {
    const chain = new ChainVerifier()
    for (const stream of this.#streams) {
      for (let after = 0; ;) {
        const rows = await this.#connection.run<LogRow>(page, [stream, after])
        const entries = rows.map(toRevocation)
        chain.follow(stream, entries)
        const last = entries.at(-1)
        if (last === undefined) break
        after = last.sequence
      }
    }
    for (const [stream, { sequence, hash }] of chain.heads) {
      await this.#connection.run(addStream, [stream, sequence, hash])
    }
  }
}

const page = {
  name: 'transfer_log_page',
  text: 'SELECT * FROM log WHERE stream = $1 AND sequence > $2 ORDER BY sequence LIMIT 5000',
}

const addStream = {
  name: 'transfer_stream',
  text: `INSERT INTO streams (name, epoch, holder, batch, head, hash) VALUES ($1, 0, '', 0, $2, $3)`,
}

/** In the order of the rows: `number` orders lists. */
function insert(table: TableName): string {
  const columns = columnsOf(table).join(', ')
  const arrays = Object.values(tableOf(table).columns).map((kind, index) => {
    const type = kind.startsWith('text') ? 'text' : kind.startsWith('number') ? 'bigint' : 'bytea'
    return `$${String(index + 1)}::${type}[]`
  })
  return `INSERT INTO ${table} (${columns})
    SELECT ${columns} FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS g(${columns}, n) ORDER BY n`
}
