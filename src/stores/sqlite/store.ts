/**
 * The store on SQLite: one file, one stream, one process.
 *
 * Owns the file, its schema and its threads: a thread that commits (`writer.ts`), a connection for
 * short reads on the thread of the caller and a thread for long ones (`readers.ts`). What each
 * operation does is in the files named after their tables; what it must do is in `ports/store.ts`.
 */
import type { Revocation } from '../../domain/revocation.ts'
import type { Log } from '../../ports/log.ts'
import type { LivePlace, CommandName, Commands, LongQueries, PointQueries } from './commands.ts'
import type { Store } from '../../ports/store.ts'
import { openForWriting, type Durability } from './connection.ts'
import { lockFile } from './lock.ts'
import { migrate } from './migrations.ts'
import { pointReader, ReaderThread } from './readers.ts'
import { ensureStream, readStreams } from './streams.ts'
import { checkText } from './text.ts'
import { threadCommitter, unavailable, Writer } from './writer.ts'

export interface SqliteOptions {
  /** The database file; created where there is none. Beside it: `-wal`, `-shm` and `.lock`. */
  readonly path: string
  /** Name of the stream of a new file. A file that has one keeps it. */
  readonly stream: string
  /** `full`: a change is on the disk before it is answered. `off`: for benchmarks alone. */
  readonly durability: Durability
  /** Where failures of listeners are reported. */
  readonly log?: Log
}

export interface SqliteStore extends Store {
  /**
   * Writes a consistent copy of everything to a new file, while the store goes on working.
   *
   * @throws {Refusal} `store_unavailable` where it cannot be written, or the file exists.
   */
  backup(to: string): Promise<void>
}

/** How many live revocations are read at once. */
const LIVE_CHUNK = 4096

/**
 * Opens a database file, brings its schema up to date and takes its lock.
 *
 * @throws {Error} Where another process uses the file, a newer version wrote it, or it cannot be
 *   opened. The message says which.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { path, durability, log } = options
  const unlock = lockFile(path)
  try {
    const stream = prepareFile(options)
    const listeners = new Listeners(log)
    const writer = new Writer(threadCommitter(path, durability), (entries) => {
      listeners.call(entries)
    })
    const store = assemble({ path, stream, writer, listeners, unlock })
    // The first commit starts the writing thread and shows that the disk takes it.
    await store.ready()
    return store
  } catch (error) {
    unlock()
    throw error
  }
}

/** @returns The name of the stream that is written. */
function prepareFile({ path, durability, stream }: SqliteOptions): string {
  const database = openForWriting(path, durability)
  try {
    migrate(database, path)
    ensureStream(database, stream)
    return readStreams(database).at(-1)?.name ?? stream
  } finally {
    database.close()
  }
}

interface Parts {
  readonly path: string
  readonly stream: string
  readonly writer: Writer
  readonly listeners: Listeners
  readonly unlock: () => void
}

function assemble({ path, stream, writer, listeners, unlock }: Parts): SqliteStore {
  const short = pointReader(path)
  const long = new ReaderThread(path)
  let closing: Promise<void> | undefined

  async function change<K extends CommandName>(name: K, input: Commands[K]['input']) {
    checkText(input)
    return writer.submit(name, input)
  }
  async function find<K extends keyof PointQueries>(name: K, input: PointQueries[K]['input']) {
    if (closing) throw unavailable('the store is closed')
    return short.read<K>(name, input as never) as PointQueries[K]['output']
  }
  async function list<K extends keyof LongQueries>(name: K, input: LongQueries[K]['input']) {
    return long.read(name, input)
  }
  async function close() {
    await writer.close()
    await long.close()
    short.close()
    unlock()
  }

  return {
    stream,
    revoke: (command) => change('revoke', command),
    onCommitted: (listener) => listeners.add(listener),
    head: () => find('head', undefined),
    readStream: (name, afterSequence, limit) =>
      list('readStream', { stream: name, afterSequence, limit }),
    listRevocations: (filter, page) => list('listRevocations', { filter, page }),
    findRevocation: (id) => find('findRevocation', id),
    liveRevocations: (nowMs) => liveRevocations(long, nowMs),
    openSession: (command) => change('openSession', command),
    findSession: (sid) => find('findSession', sid),
    findDeviceSession: (deviceKey, nowMs) => find('findDeviceSession', { deviceKey, nowMs }),
    findRefreshToken: (id, secretHash) => find('findRefreshToken', { id, secretHash }),
    rotate: (command) => change('rotate', command),
    listSessions: (filter, nowMs, page) => list('listSessions', { filter, nowMs, page }),
    countSessions: (filter) => list('countSessions', filter),
    generations: (of) => find('generations', of),
    createSubject: (subject) => change('createSubject', subject),
    findSubject: (lookup) => find('findSubject', lookup),
    listSubjects: (page) => list('listSubjects', page),
    updateSubject: (id, subjectChange) => change('updateSubject', { id, change: subjectChange }),
    createClient: (client) => change('createClient', client),
    findClient: (lookup) => find('findClient', lookup),
    listClients: (page) => list('listClients', page),
    updateClient: (id, clientChange) => change('updateClient', { id, change: clientChange }),
    putTicket: (ticket) => change('putTicket', ticket),
    addTicket: (ticket, nowMs) => change('addTicket', { ticket, nowMs }),
    findTicket: (kind, key) => find('findTicket', { kind, key }),
    takeTicket: (kind, key) => change('takeTicket', { kind, key }),
    countAttempt: (kind, key) => change('countAttempt', { kind, key }),
    listTickets: (kind, keyPrefix, limit) => list('listTickets', { kind, keyPrefix, limit }),
    listKeys: () => find('listKeys', undefined),
    rotateKeys: (next, retire, unlessPresent) =>
      change('rotateKeys', { next, retire, unlessPresent }),
    ready: () => change('probe', undefined),
    sweep: (nowMs, limit) => change('sweep', { nowMs, limit }),
    backup: (to) => list('backup', to),
    close: () => (closing ??= close()),
  }
}

async function* liveRevocations(
  reader: ReaderThread,
  nowMs: number,
): AsyncGenerator<readonly Revocation[]> {
  let after: LivePlace | undefined = { part: 'wide', scope: '', key: '' }
  while (after) {
    const page: LongQueries['liveRevocations']['output'] = await reader.read('liveRevocations', {
      nowMs,
      after,
      limit: LIVE_CHUNK,
    })
    if (page.entries.length > 0) yield page.entries
    after = page.next
  }
}

type Listener = (entries: readonly Revocation[]) => void

/** Who hears of committed entries. One that throws neither stops the others nor fails the callers. */
class Listeners {
  readonly #log: Log | undefined
  #listeners: readonly Listener[] = []

  constructor(log: Log | undefined) {
    this.#log = log
  }

  add(listener: Listener): () => void {
    // A wrapper, so that the same function can listen twice and stop once.
    const added: Listener = (entries) => {
      listener(entries)
    }
    this.#listeners = [...this.#listeners, added]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== added)
    }
  }

  call(entries: readonly Revocation[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(entries)
      } catch (error) {
        this.#log?.error({ error }, 'Cannot tell a listener of committed entries: it threw')
      }
    }
  }
}
