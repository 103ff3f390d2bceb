/**
 * A node's store, as far as a verifier needs it, over the simulated database: the streams of others
 * are followed by the store's own code; a plain writer takes the place of the SQL that commits.
 */
import type { Revocation } from '../../src/domain/revocation.ts'
import type { VerifierStore } from '../../src/server/verification.ts'
import { Listeners } from '../../src/stores/listeners.ts'
import { StreamReader } from '../../src/stores/postgres/stream-reader.ts'
import type { SimulatedDatabase } from './database.ts'
import type { Place, Wires } from './guard-link.ts'
import { DatabaseSession, type SessionOptions, type SimulatedNotifier } from './database-session.ts'
import { publishes } from './meter.ts'

export interface SimulatedStoreOptions extends Omit<SessionOptions, 'answerMs'> {
  readonly stream: string
  readonly notifier: SimulatedNotifier
  readonly wires: Wires
  readonly node: Place
  /** Called when entries are durable, in true time, before any node knows. */
  readonly committed: (entries: readonly Revocation[]) => void
}

/** As the PostgreSQL store: how long an answer of the database is waited for. */
const answerMs = 5_000
const pollEveryMs = 1_000
const rowBytes = 450

/** What is not known of an entry before it is numbered. */
export type NewEntry = Omit<Revocation, 'stream' | 'sequence'>

export class SimulatedStore implements VerifierStore {
  readonly stream: string
  readonly #options: SimulatedStoreOptions
  readonly #listeners = new Listeners(undefined)
  readonly #reader: StreamReader
  #reading: DatabaseSession
  #writing: DatabaseSession
  #epoch = 0
  #sequence = 0
  #waiting: { readonly entry: Revocation; readonly done: (kept: boolean) => void }[] = []
  #committing = false

  constructor(options: SimulatedStoreOptions) {
    const { stream, node } = options
    this.stream = stream
    this.#options = options
    this.#reading = new DatabaseSession({ ...options, answerMs })
    this.#writing = new DatabaseSession({ ...options, answerMs })
    this.#reader = new StreamReader({
      source: this,
      own: stream,
      clock: node.process,
      log: undefined,
      pollEveryMs,
      onEntries: (entries) => {
        this.#tell(entries)
      },
      onCut: () => {
        throw new Error('nothing is cut here')
      },
    })
  }

  /** Takes the stream over and begins to follow the others. */
  async open(): Promise<void> {
    const { stream, notifier } = this.#options
    this.#epoch = await this.#asked(() =>
      this.#writing.run({
        kind: 'claim',
        writes: true,
        bytes: stream.length,
        run: (database) => database.claim(stream),
      }),
    )
    this.#sequence = (await this.head()).get(stream) ?? 0
    this.#reader.open(await this.head())
    notifier.onNotification((payload) => {
      if (payload.startsWith('log ')) this.#reader.look()
    })
  }

  /**
   * Commits an entry, together with all that arrive while another commit is under way.
   *
   * @returns Undefined where another process has taken the stream.
   */
  async revoke(entry: NewEntry): Promise<Revocation | undefined> {
    const numbered = { ...entry, stream: this.stream, sequence: ++this.#sequence }
    const kept = await new Promise<boolean>((done) => {
      this.#waiting.push({ entry: numbered, done })
      void this.#commit()
    })
    return kept ? numbered : undefined
  }

  onCommitted(listener: (entries: readonly Revocation[]) => void): () => void {
    return this.#listeners.add(listener)
  }

  head(): ReturnType<VerifierStore['head']> {
    return this.#asked(() =>
      this.#reading.run({
        kind: 'read heads',
        writes: false,
        bytes: 0,
        run: (database) => database.heads(),
        answerBytes: (position) => position.size * 30,
      }),
    )
  }

  readStream(stream: string, after: number, limit: number): Promise<readonly Revocation[]> {
    return this.#read((database) => database.readStream(stream, after, limit))
  }

  async *liveRevocations(): AsyncIterable<readonly Revocation[]> {
    yield await this.#read((database) => database.entries())
  }

  readCheckpoints(): ReturnType<VerifierStore['readCheckpoints']> {
    return Promise.resolve([])
  }

  async putTicket(ticket: Parameters<VerifierStore['putTicket']>[0]): Promise<void> {
    await this.#asked(() =>
      this.#reading.run({
        kind: 'settings',
        writes: true,
        bytes: 100,
        run: (database) => {
          database.putTicket(ticket)
        },
      }),
    )
  }

  listTickets(
    ...wanted: Parameters<VerifierStore['listTickets']>
  ): ReturnType<VerifierStore['listTickets']> {
    return this.#asked(() =>
      this.#reading.run({
        kind: 'settings',
        writes: false,
        bytes: 50,
        run: (database) => database.listTickets(...wanted),
        answerBytes: (found) => found.length * 100,
      }),
    )
  }

  #read(
    run: (database: SimulatedDatabase) => readonly Revocation[],
  ): Promise<readonly Revocation[]> {
    return this.#asked(() =>
      this.#reading.run({
        kind: 'read entries',
        writes: false,
        bytes: 40,
        run,
        answerBytes: (found) => found.length * rowBytes,
      }),
    )
  }

  async #commit(): Promise<void> {
    if (this.#committing) return
    this.#committing = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      const entries = batch.map(({ entry }) => entry)
      const kept = await this.#asked(() => this.#append(entries))
      // All here know before any caller is answered.
      if (kept) this.#tell(entries)
      for (const { done } of batch) done(kept)
    }
    this.#committing = false
  }

  #append(entries: readonly Revocation[]): Promise<boolean> {
    const { committed } = this.#options
    return this.#writing.run({
      kind: 'commit',
      writes: true,
      bytes: entries.length * rowBytes,
      run: (database) => {
        const kept = database.append(this.stream, this.#epoch, entries)
        if (kept) committed(entries)
        return kept
      },
    })
  }

  #tell(entries: readonly Revocation[]): void {
    const { meter } = this.#options.wires
    const startMs = meter.begin('node', publishes)
    this.#listeners.call(entries)
    meter.end('node', publishes, startMs)
  }

  /** Asks again, over a new connection, until there is an answer. */
  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch {
        this.#reading = new DatabaseSession({ ...this.#options, answerMs })
        this.#writing = new DatabaseSession({ ...this.#options, answerMs })
      }
    }
  }
}
