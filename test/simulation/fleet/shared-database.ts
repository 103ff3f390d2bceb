import type { Position, Revocation } from '../../../src/domain/revocation.ts'
import type { RevokeOutcome } from '../../../src/ports/store.ts'
import type {
  FileCommandName,
  FileCommands,
  LongQueries,
  PointQueries,
} from '../../../src/stores/commands.ts'
import { SimulatedDatabase, type Changed } from './database.ts'

/** The one stream of the table, which is not seen outside. */
const table = 'table'

/**
 * A database that several servers share. As on PostgreSQL each has a stream of its own: an entry
 * keeps its place in the table, and is given out with the stream and the number of who wrote it.
 */
export class SharedDatabase extends SimulatedDatabase {
  /** By their position in the table, as they are given out. */
  readonly #entries: Revocation[] = []
  readonly #streams = new Map<string, Revocation[]>()
  readonly #notifier = new Set<(payload: string) => void>()

  constructor() {
    super(table)
  }

  override streamOf(server: string): string {
    return server
  }

  override change<K extends FileCommandName>(
    stream: string,
    name: K,
    ...input: Parameters<FileCommands[K]>
  ): Changed<ReturnType<FileCommands[K]>> {
    refuseFractions(input)
    const changed = super.change(stream, name, ...input)
    const entries = changed.entries.map((entry) => this.#append(stream, entry))
    if (entries.length > 0) this.notify(`log ${stream}`)
    return { value: this.#given(changed.value), entries }
  }

  override find<K extends keyof PointQueries>(
    name: K,
    ...input: Parameters<PointQueries[K]>
  ): ReturnType<PointQueries[K]> {
    if (name === 'head') return this.heads() as ReturnType<PointQueries[K]>
    return this.#given(super.find(name, ...input))
  }

  override list<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): ReturnType<LongQueries[K]> {
    // There is one stream to plan, whichever node asks.
    if (name === 'readEnds') {
      const [request] = input as Parameters<LongQueries['readEnds']>
      return super.list('readEnds', { ...request, stream: undefined }) as ReturnType<LongQueries[K]>
    }
    if (name !== 'readStream') return this.#given(super.list(name, ...input))
    const [stream, afterSequence, limit] = input as Parameters<LongQueries['readStream']>
    const entries = this.#streams.get(stream) ?? []
    return entries.slice(
      afterSequence,
      afterSequence + limit,
    ) as readonly Revocation[] as ReturnType<LongQueries[K]>
  }

  override heads(): Position {
    return new Map([...this.#streams].map(([name, entries]) => [name, entries.length]))
  }

  onNotification(listener: (payload: string) => void): () => void {
    this.#notifier.add(listener)
    return () => {
      this.#notifier.delete(listener)
    }
  }

  notify(payload: string): void {
    for (const listener of this.#notifier) listener(payload)
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
    for (const list of ['entries', 'items'] as const) {
      if (!(list in value)) continue
      const entries = (value as unknown as Record<string, readonly Revocation[]>)[list] ?? []
      return { ...value, [list]: entries.map((entry) => this.#given(entry)) }
    }
    if (!('stream' in value && 'sequence' in value) || value.stream !== table) return value
    return this.#entries[(value.sequence as number) - 1] as T
  }
}

/** PostgreSQL's numbers of milliseconds are whole, and it takes no others. */
function refuseFractions(input: unknown): void {
  if (typeof input !== 'object' || input === null) return
  for (const [name, value] of Object.entries(input)) {
    if (typeof value === 'object') refuseFractions(value)
    else if (name.endsWith('Ms') && typeof value === 'number' && !Number.isInteger(value)) {
      throw new TypeError(`Cannot store ${name}: ${value} is not whole`)
    }
  }
}
