/**
 * A connection that is made again when it is lost. For reads and for whatever may be repeated: what
 * was on its way is asked once more, until the patience of the caller ends.
 */
import { Refusal } from '../../domain/failure.ts'
import { unavailable } from '../unavailable.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import {
  Connection,
  isLoss,
  isRetryable,
  type ConnectionOptions,
  type Statement,
} from './connection.ts'
import { reasonOf } from './reasons.ts'

export interface LinkOptions extends ConnectionOptions {
  readonly clock: Clock
  readonly random: Random
  /** How long a caller waits for a database that is away, milliseconds. */
  readonly patienceMs: number
  /** Done with every new connection before anything else. */
  readonly prepare: (connection: Connection) => Promise<unknown>
}

const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 1_000

export class Link {
  readonly #options: LinkOptions
  #connecting: Promise<Connection> | undefined
  #connection: Connection | undefined
  #failures = 0
  #closed = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The connection that stands, or the one that is being made. Rejects when that fails. */
  async connect(): Promise<Connection> {
    if (this.#closed) throw unavailable('the store is closed')
    if (this.#connection !== undefined && !this.#connection.lost) return this.#connection
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Sends one statement that may be repeated. */
  run<Row>(statement: Statement, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.use((connection) => connection.run<Row>(statement, values))
  }

  /**
   * Does something that may be repeated.
   *
   * @throws {Refusal} `store_unavailable` where the database stayed away for too long.
   */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { clock, patienceMs } = this.#options
    const deadline = clock.monotonicMs() + patienceMs
    for (let attempt = 1; ; attempt++) {
      let connection: Connection | undefined
      try {
        connection = await this.connect()
        return await work(connection)
      } catch (error) {
        if (this.#closed) throw unavailable('the store is closed')
        // No other try would go better.
        if (error instanceof Refusal) throw error
        if (isLoss(error)) connection?.destroy()
        else if (!isRetryable(error)) throw unavailable(reasonOf(error))
        if (clock.monotonicMs() >= deadline) throw unavailable(reasonOf(error))
        await this.pause(attempt)
      }
    }
  }

  /** Waits a little before the next attempt: longer each time, and never as long as another node. */
  pause(attempt: number): Promise<void> {
    const { clock, random } = this.#options
    const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10))
    const share = (random.bytes(1)[0] ?? 0) / 256
    return new Promise((resolve) => {
      clock.after(longest * (0.5 + share / 2), resolve)
    })
  }

  /** Breaks the connection; the next caller makes a new one. */
  drop(): void {
    this.#connection?.destroy()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connecting?.catch(() => undefined)
    await this.#connection?.end()
  }

  async #open(): Promise<Connection> {
    if (this.#failures > 0) await this.pause(this.#failures)
    try {
      const connection = await Connection.open(this.#options)
      try {
        await this.#options.prepare(connection)
      } catch (error) {
        connection.destroy()
        throw error
      }
      if (this.#closed) {
        connection.destroy()
        throw unavailable('the store is closed')
      }
      this.#failures = 0
      this.#connection = connection
      return connection
    } catch (error) {
      this.#failures++
      throw error
    }
  }
}
