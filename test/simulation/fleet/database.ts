/**
 * The database that all servers of a simulated fleet share: the real schema and statements of the
 * store on SQLite, in memory. As on PostgreSQL, each server has a stream of its own: an entry keeps
 * its place in the table, and is given out with the stream and the number of who wrote it.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Position, Revocation } from '../../../src/domain/revocation.ts'
import type { RevokeOutcome } from '../../../src/ports/store.ts'
import type {
  FileCommandName,
  FileCommands,
  Handlers,
  LongQueries,
  PointQueries,
} from '../../../src/stores/commands.ts'
import type { NodeRow } from '../../../src/stores/node-table.ts'
import { commandHandlers } from '../../../src/stores/sqlite/batch.ts'
import { horizonKeeper } from '../../../src/stores/sqlite/horizon.ts'
import { logWriter, type LogWriter } from '../../../src/stores/sqlite/log.ts'
import { migrate } from '../../../src/stores/sqlite/migrations.ts'
import { longHandlers, pointHandlers } from '../../../src/stores/sqlite/readers.ts'
import { ensureStream } from '../../../src/stores/sqlite/streams.ts'

/** The one stream of the table, which nobody outside sees. */
const table = 'table'

export class SimulatedDatabase {
  /** Nothing that is asked before then is done before then. */
  awayUntilMs = 0
  /** Rows of the table of nodes, by member. */
  readonly nodes: Map<string, NodeRow> = new Map()
  readonly #database = new DatabaseSync(':memory:')
  readonly #log: LogWriter
  readonly #commands: Handlers<FileCommands>
  readonly #points: Handlers<PointQueries>
  readonly #longs: Handlers<LongQueries>
  /** By their position in the table, as they are given out. */
  readonly #entries: Revocation[] = []
  readonly #streams = new Map<string, Revocation[]>()
  readonly #bell = new Set<(payload: string) => void>()

  constructor() {
    migrate(this.#database)
    ensureStream(this.#database, table)
    const horizon = horizonKeeper(this.#database)
    this.#log = logWriter(this.#database, horizon)
    this.#commands = commandHandlers(this.#database, this.#log, horizon)
    this.#points = pointHandlers(this.#database)
    this.#longs = longHandlers(this.#database)
  }

  close(): void {
    this.#database.close()
  }

  /** A change, by the server that writes a stream; and what it added to the log. */
  change<K extends FileCommandName>(
    stream: string,
    name: K,
    input: FileCommands[K]['input'],
  ): { readonly value: FileCommands[K]['output']; readonly entries: readonly Revocation[] } {
    const value = this.#commands[name](input)
    const entries = this.#log.takeEntries().map((entry) => this.#append(stream, entry))
    if (entries.length > 0) this.ring(`log ${stream}`)
    return { value: this.#given(value), entries }
  }

  find<K extends keyof PointQueries>(
    name: K,
    input: PointQueries[K]['input'],
  ): PointQueries[K]['output'] {
    if (name === 'head') return this.heads()
    return this.#given(this.#points[name](input))
  }

  list<K extends keyof LongQueries>(
    name: K,
    input: LongQueries[K]['input'],
  ): LongQueries[K]['output'] {
    if (name === 'readStream') {
      const { stream, afterSequence, limit } = input as LongQueries['readStream']['input']
      const entries = this.#streams.get(stream) ?? []
      return entries.slice(afterSequence, afterSequence + limit)
    }
    return this.#given(this.#longs[name](input))
  }

  heads(): Position {
    return new Map([...this.#streams].map(([name, entries]) => [name, entries.length]))
  }

  onRing(listener: (payload: string) => void): () => void {
    this.#bell.add(listener)
    return () => {
      this.#bell.delete(listener)
    }
  }

  ring(payload: string): void {
    for (const listener of this.#bell) listener(payload)
  }

  #append(stream: string, entry: Revocation): Revocation {
    const entries = this.#streams.get(stream) ?? []
    this.#streams.set(stream, entries)
    const given = { ...entry, stream, sequence: entries.length + 1 }
    entries.push(given)
    this.#entries[entry.sequence - 1] = given
    return given
  }

  /** An answer, with the entries in it as they are given out. */
  #given<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((one: unknown) => this.#given(one)) as T
    if ('revocation' in value) {
      const outcome = value as unknown as RevokeOutcome
      return { ...outcome, revocation: this.#given(outcome.revocation) } as T
    }
    if ('entries' in value) {
      const { entries } = value as unknown as { readonly entries: readonly Revocation[] }
      return { ...value, entries: entries.map((entry) => this.#given(entry)) }
    }
    if (!('stream' in value && 'sequence' in value) || value.stream !== table) return value
    return this.#entries[(value.sequence as number) - 1] as T
  }
}
