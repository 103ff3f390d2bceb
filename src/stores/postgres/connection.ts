/** How the database is connected to, and which of its errors come from the world around it. */
import { Socket } from 'node:net'
import pg from 'pg'
import type { Abilities } from './abilities.ts'
import { sqlState } from './reasons.ts'
import { decodeText, encodeValue } from './text.ts'

export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database`, with the options that `pg` knows. */
  readonly url: string
  /** What the server's own views call this connection. */
  readonly name: string
  /** After this long without an answer the connection is given up as lost, milliseconds. */
  readonly answerMs: number
}

/** A statement that the server parses and plans once a connection. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** How long a connection may take to be made, milliseconds. */
const CONNECT_MS = 5_000

/** After this long the server ends a transaction whose node has stopped talking, milliseconds. */
const IDLE_IN_TRANSACTION_MS = 2_000

/** How long a statement waits for a lock that another node holds, milliseconds. */
const LOCK_MS = 5_000

/** The routine of PostgreSQL that warns; what it says is translated, this is not. */
const WAITS_FOR_STANDBY = 'SyncRepWaitForLSN'

const INT8 = 20
const TEXT = 25
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    // Every number that is stored is a safe integer: milliseconds, sequences, counters.
    if (oid === INT8) return Number
    return oid === TEXT ? decodeText : pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

/** One connection, over which any number of statements are sent without waiting for answers. */
export class Connection {
  readonly #client: pg.Client
  readonly #socket: Socket
  #lost = false
  #isAlone = false
  #onLost: (() => void) | undefined

  private constructor(client: pg.Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
    client.on('error', () => {
      this.destroy()
    })
    client.on('end', () => {
      this.destroy()
    })
    client.on('notice', ({ routine }) => {
      // Someone has cancelled a commit that waited for its standby. The server calls that done, and
      // a failover would undo it. As with a connection that is lost, a new claim of the stream finds
      // out what happened; it commits, too, and so waits until the standby has all that came before.
      if (routine !== WAITS_FOR_STANDBY) return
      this.#isAlone = true
      this.destroy()
    })
  }

  /** @throws Whatever keeps the connection from being made. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const socket = new Socket()
    const client = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      pipeline: true,
      keepAlive: true,
      stream: () => socket,
      types,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: options.answerMs,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    })
    const connection = new Connection(client, socket)
    try {
      await client.connect()
    } catch (error) {
      connection.destroy()
      throw error
    }
    return connection
  }

  get lost(): boolean {
    return this.#lost
  }

  /** The process id that the server reported at the start; a pooler reports its own. */
  get processId(): number | undefined {
    return (this.#client as { readonly processID?: number | null }).processID ?? undefined
  }

  /** Called once, when the connection ends for whatever reason. */
  onLost(callback: () => void): void {
    this.#onLost = callback
  }

  /** Sends a statement behind those that were sent before; resolves with its rows. */
  async run<Row = unknown>(
    { name, text }: Statement,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const result = await this.#client.query({ name, text, values: values.map(encodeValue) })
    this.#refuseIfAlone()
    return result.rows as readonly Row[]
  }

  /** Sends text that has no parameters; resolves with the tag of its command, `COMMIT` for one. */
  async command(text: string): Promise<string> {
    const result = await this.#client.query(text)
    this.#refuseIfAlone()
    // Several commands have several results.
    return Array.isArray(result) ? '' : result.command
  }

  onNotification(callback: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => {
      callback(payload ?? '')
    })
  }

  /** The notice comes before the answer, and both may be there when it is broken. */
  #refuseIfAlone(): void {
    if (this.#isAlone) throw new Error('a commit no longer waited for the standby')
  }

  /** Breaks the connection at once; what is on its way fails. */
  destroy(): void {
    if (this.#lost) return
    this.#lost = true
    this.#socket.destroy()
    this.#onLost?.()
  }

  /** Says goodbye after what is on its way. */
  async end(): Promise<void> {
    if (this.#lost) return
    await this.#client.end()
  }
}

/**
 * For reads of few rows by key, and for lists, which read a bounded part of an index: tells the
 * planner not to read whole tables, because it plans while they are still small and keeps the plan.
 * Where it must read one nevertheless, the cost that `enable_seqscan = off` adds would have the
 * statement compiled (`jit`), which takes longer than the read: 50 ms of processor for each
 * connection.
 */
export async function planForKeys(connection: Connection, { settings }: Abilities): Promise<void> {
  if (!settings) return
  const names = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  await connection.command(names.map((name) => `SET ${name} = off`).join('; '))
}

/** The constraint that an error of the server names. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined
}

/**
 * Whether the connection is of no use any more, so that what was sent over it may or may not have
 * been done. A server that only reads counts: the one that writes is elsewhere.
 */
export function isLoss(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true
  if (error.severity === 'FATAL' || error.severity === 'PANIC') return true
  // 08: connection exception; 57P: shutdown, crash, starting; 40003: statement completion unknown;
  // 25006: a read-only transaction.
  return /^(08|57P|40003|25006)/.test(error.code ?? '')
}

/** Whether the same may succeed if it is tried again: nothing was stored. */
export function isRetryable(error: unknown): boolean {
  // 40001: serialization failure; 40P01: deadlock; 55P03: a lock was not given; 25P02: the
  // transaction failed before this statement.
  return ['40001', '40P01', '55P03', '25P02'].includes(sqlState(error) ?? '')
}
