/**
 * Group commit, seen from the main thread: commands wait here while a batch is being committed and
 * go together as the next one, so the disk is asked once for all that arrived meanwhile.
 */
import { Refusal, type Failure } from '../../domain/failure.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { BatchOutcome, FileCommand, FileCommandName, FileCommands } from '../commands.ts'
import type { RunnerOptions } from './batch.ts'
import { unavailable } from '../unavailable.ts'
import { Thread } from './thread.ts'

/** More commands than this never share a commit, so that the first of them does not wait for long. */
const MAX_BATCH_SIZE = 1024

/** More than this never wait: further calls are refused at once. */
const MAX_WAITING = 16_384

interface Waiting {
  readonly command: FileCommand
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Refusal) => void
}

/** Commits a batch: the worker thread, or in measurements something else. */
export interface Committer {
  commit(commands: readonly FileCommand[]): Promise<BatchOutcome>
  close(): Promise<void>
}

export interface WriterOptions {
  readonly committer: Committer
  /** Called with each batch's entries once durable, before its callers hear of it. */
  readonly onEntries: (entries: readonly Revocation[]) => void
  /** Called once, with the reason, when nothing can be written ever again. */
  readonly onStopped?: ((reason: string) => void) | undefined
}

export class Writer {
  readonly #committer: Committer
  readonly #onEntries: (entries: readonly Revocation[]) => void
  readonly #onStopped: ((reason: string) => void) | undefined
  #stopped: string | undefined
  #queue: Waiting[] = []
  #busy = false
  #finish: (() => void) | undefined
  #finished: Promise<void> | undefined

  constructor({ committer, onEntries, onStopped }: WriterOptions) {
    this.#committer = committer
    this.#onEntries = onEntries
    this.#onStopped = onStopped
  }

  /**
   * Queues a command. Resolves once it is durable.
   *
   * @throws {Refusal} What the command refuses; `store_unavailable` where it could not be stored.
   */
  submit<K extends FileCommandName>(
    name: K,
    ...input: Parameters<FileCommands[K]>
  ): Promise<ReturnType<FileCommands[K]>> {
    if (this.#finished) return Promise.reject(unavailable('the store is closed'))
    if (this.#stopped !== undefined) return Promise.reject(unavailable(this.#stopped))
    if (this.#queue.length >= MAX_WAITING) {
      return Promise.reject(unavailable(`${MAX_WAITING} changes wait already`))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({
        command: [name, ...input] as unknown as FileCommand,
        resolve: resolve as (value: unknown) => void,
        reject,
      })
      this.#schedule()
    })
  }

  /** Refuses what comes from here on, and resolves when what waits is done. */
  finish(): Promise<void> {
    this.#finished ??= new Promise((resolve) => {
      if (this.#busy) this.#finish = resolve
      else resolve()
    })
    return this.#finished
  }

  /** Finishes, then closes the committer. */
  async close(): Promise<void> {
    await this.finish()
    await this.#committer.close()
  }

  /** Waits for the end of this turn of the event loop, so that all who ask in it share a commit. */
  #schedule(): void {
    if (this.#busy) return
    this.#busy = true
    setImmediate(() => {
      void this.#commitNext()
    })
  }

  async #commitNext(): Promise<void> {
    const batch = this.#queue.slice(0, MAX_BATCH_SIZE)
    this.#queue = this.#queue.slice(MAX_BATCH_SIZE)
    const outcome = await this.#commit(batch.map(({ command }) => command))
    this.#answer(batch, outcome)
    this.#busy = false
    if (this.#queue.length > 0) this.#schedule()
    else this.#finish?.()
  }

  async #commit(commands: readonly FileCommand[]): Promise<BatchOutcome> {
    try {
      return await this.#committer.commit(commands)
    } catch (error) {
      // Whether this batch was stored is unknown. If it was, a commit by the next thread finds its
      // entries and hands them out, so that no verifier misses what the log says: ask for one.
      if (commands.some(([name]) => name !== 'probe')) {
        this.submit('probe').catch(() => undefined)
      }
      const reason = error instanceof Error ? error.message : 'unknown'
      return { kind: 'unavailable', reason: `the writing thread was lost: ${reason}` }
    }
  }

  #stop(reason: string): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    this.#onStopped?.(reason)
  }

  #answer(batch: readonly Waiting[], outcome: BatchOutcome): void {
    if (outcome.kind !== 'committed') {
      for (const { reject } of batch) reject(unavailable(outcome.reason))
      if (outcome.kind === 'stopped') this.#stop(outcome.reason)
      return
    }
    if (outcome.entries.length > 0) this.#onEntries(outcome.entries)
    for (const [index, { resolve, reject }] of batch.entries()) {
      const answer = outcome.answers[index] ?? { failure: unanswered }
      if ('failure' in answer) reject(new Refusal(answer.failure))
      else resolve(answer.value)
    }
  }
}

const unanswered: Failure = { kind: 'internal', reason: 'the writing thread gave no answer' }

/** Commits on a worker thread, so that the event loop never waits for the disk. */
export function threadCommitter(options: RunnerOptions): Committer {
  let { told } = options
  const thread = new Thread('writer-worker', () => ({ ...options, told }))
  return {
    async commit(commands) {
      // The worker answers a batch with its outcome, and nothing else.
      const outcome = (await thread.ask(commands)) as BatchOutcome
      if (outcome.kind === 'committed') told = outcome.position
      return outcome
    },
    async close() {
      await thread.ask('close')
      await thread.stop()
    },
  }
}
