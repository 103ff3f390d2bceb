/** Reads: a connection for short ones on this thread, and a thread for long ones. */
import type { DatabaseSync } from 'node:sqlite'
import { Refusal } from '../../domain/failure.ts'
import { backUp } from './backup.ts'
import {
  handle,
  type Answer,
  type Handlers,
  type LongQueries,
  type PointQueries,
} from '../commands.ts'
import { openForReading, outsideFailure, spoilsConnection } from './connection.ts'
import { checkpointReader, cuttableReader } from './cut.ts'
import { deliveryLongReader, deliveryPointReader } from './deliveries.ts'
import { receiverReader } from './receivers.ts'
import { directoryPointReader } from './directory.ts'
import { directoryLongReader } from './directory-lists.ts'
import { endsReader } from './ends.ts'
import { foreignSessionReader } from './foreign-sessions.ts'
import { horizonPointReader } from './horizon.ts'
import { keyPointReader } from './keys.ts'
import { logLongReader, logPointReader } from './log-lists.ts'
import { operatorLongReader, operatorPointReader } from './operators.ts'
import { sessionLongReader, sessionPointReader } from './session-lists.ts'
import { Thread, ThreadFailure } from './thread.ts'
import { ticketLongReader, ticketPointReader } from './tickets.ts'
import { unavailable } from '../unavailable.ts'

/** Asks one of a set of questions on a connection that is opened when it is first needed. */
class Reader<M extends Handlers<M>> {
  readonly #path: string
  readonly #prepare: (database: DatabaseSync) => M
  #open: { readonly database: DatabaseSync; readonly handlers: M } | undefined

  constructor(path: string, prepare: (database: DatabaseSync) => M) {
    this.#path = path
    this.#prepare = prepare
  }

  /** @throws {Refusal} `store_unavailable` where the disk fails, and what the question refuses. */
  read<K extends keyof M>(name: K, ...input: Parameters<M[K]>): ReturnType<M[K]> {
    try {
      this.#open ??= this.#connect()
      return handle(this.#open.handlers, name, input)
    } catch (error) {
      const reason = outsideFailure(error)
      if (reason === undefined) throw error
      if (spoilsConnection(error)) this.close()
      throw unavailable(reason)
    }
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    try {
      open?.database.close()
    } catch (error) {
      if (outsideFailure(error) === undefined) throw error
    }
  }

  #connect() {
    const database = openForReading(this.#path)
    try {
      return { database, handlers: this.#prepare(database) }
    } catch (error) {
      database.close()
      throw error
    }
  }
}

export type PointReader = Reader<PointQueries>

export function pointReader(path: string): PointReader {
  return new Reader<PointQueries>(path, pointHandlers)
}

export function pointHandlers(database: DatabaseSync): PointQueries {
  return {
    ...logPointReader(database),
    ...checkpointReader(database),
    ...sessionPointReader(database),
    ...directoryPointReader(database),
    ...ticketPointReader(database),
    ...keyPointReader(database),
    ...horizonPointReader(database),
    ...deliveryPointReader(database),
    ...operatorPointReader(database),
  }
}

export type LongReader = Reader<LongQueries>

export function longReader(path: string): LongReader {
  return new Reader<LongQueries>(path, longHandlers)
}

export function longHandlers(database: DatabaseSync): LongQueries {
  return {
    ...logLongReader(database),
    ...cuttableReader(database),
    ...sessionLongReader(database),
    ...directoryLongReader(database),
    ...ticketLongReader(database),
    ...endsReader(database),
    ...deliveryLongReader(database),
    ...receiverReader(database),
    ...foreignSessionReader(database),
    ...operatorLongReader(database),
    backup(to) {
      backUp(database, to)
    },
  }
}

/** More long questions than this never wait. */
const MAX_WAITING = 1024

/** The thread for long questions, begun with the first of them. They are answered one after another. */
export class ReaderThread {
  readonly #thread: Thread
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  constructor(path: string) {
    this.#thread = new Thread('reader-worker', () => ({ path }))
  }

  async read<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    if (this.#closed) throw unavailable('the store is closed')
    if (this.#waiting >= MAX_WAITING) throw unavailable(`${MAX_WAITING} long reads wait already`)
    this.#waiting += 1
    const asked = this.#last.then(() => this.#thread.ask([name, ...input]))
    this.#last = asked.catch(() => undefined)
    try {
      const answer = (await asked) as Answer
      if ('failure' in answer) throw new Refusal(answer.failure)
      return answer.value as ReturnType<LongQueries[K]>
    } catch (error) {
      if (error instanceof ThreadFailure) throw unavailable(error.message)
      throw error
    } finally {
      this.#waiting -= 1
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    await this.#thread.stop()
  }
}
