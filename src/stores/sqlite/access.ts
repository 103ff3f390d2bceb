/** The ways into the file: changes through the writer, short reads here, long ones on threads. */
import type { FileCommandName, FileCommands, LongQueries, PointQueries } from '../commands.ts'
import { pointReader, ReaderThread, type PointReader } from './readers.ts'
import { checkTexts } from '../text.ts'
import { unavailable } from '../unavailable.ts'
import type { Writer } from './writer.ts'

export class Access {
  readonly #writer: Writer
  readonly #unlock: () => void
  readonly #short: PointReader
  // What verifiers wait for never stands behind what a person looks at, nor behind a backup.
  readonly #follow: ReaderThread
  readonly #browse: ReaderThread
  readonly #copy: ReaderThread
  #closing: Promise<void> | undefined

  private constructor(path: string, writer: Writer, unlock: () => void) {
    this.#writer = writer
    this.#unlock = unlock
    this.#short = pointReader(path)
    this.#follow = new ReaderThread(path)
    this.#browse = new ReaderThread(path)
    this.#copy = new ReaderThread(path)
  }

  /**
   * @param unlock Releases the file; called when this is closed.
   * @throws {Refusal} `store_unavailable`: everything is closed again then, and the lock is kept.
   */
  static async open(path: string, writer: Writer, unlock: () => void): Promise<Access> {
    const access = new Access(path, writer, unlock)
    try {
      // The first commit starts the writing thread and shows that the disk takes it; the first read
      // opens its connection while nothing is wrong.
      await writer.submit('probe')
      access.#short.read('head')
      return access
    } catch (error) {
      access.#short.close()
      await writer.close()
      throw error
    }
  }

  /** Resolves once the change is durable. */
  async change<K extends FileCommandName>(
    name: K,
    ...input: Parameters<FileCommands[K]>
  ): Promise<ReturnType<FileCommands[K]>> {
    checkTexts(input)
    return this.#writer.submit(name, ...input)
  }

  /** A row or a few, read on this thread. */
  async find<K extends keyof PointQueries>(
    name: K,
    ...input: Parameters<PointQueries[K]>
  ): Promise<ReturnType<PointQueries[K]>> {
    if (this.#closing) throw unavailable('the store is closed')
    checkTexts(input)
    return this.#short.read(name, ...input)
  }

  /** What the feed reads of the log. */
  follow<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    return this.#ask(this.#follow, name, ...input)
  }

  /** What people and sweeps look through, and a start. */
  list<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    return this.#ask(this.#browse, name, ...input)
  }

  /** What takes as long as the file is large. */
  copy<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    return this.#ask(this.#copy, name, ...input)
  }

  /** Finishes what was accepted, then closes everything and releases the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #ask<K extends keyof LongQueries>(
    thread: ReaderThread,
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    checkTexts(input)
    return thread.read(name, ...input)
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.finish()
      for (const thread of [this.#follow, this.#browse, this.#copy]) await thread.close()
      this.#short.close()
      // Last, because only a connection that can write folds the write-ahead log in as it goes.
      await this.#writer.close()
    } finally {
      this.#unlock()
    }
  }
}
