/** One worker thread with one question in flight at a time, begun anew when it dies. */
import { Worker } from 'node:worker_threads'
import { outsideFailure } from './connection.ts'

/** Why a question was not answered: the thread ended, or could not do its work at all. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure'
}

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export class Thread {
  readonly #module: 'writer-worker' | 'reader-worker'
  readonly #data: () => unknown
  #worker: Worker | undefined
  #waiting: Waiting | undefined

  /**
   * @param module Name of the worker's file in this folder, without its ending: it is `.ts` in the
   *   sources and `.js` once it is built.
   * @param data Makes what a worker gets as `workerData` when it begins.
   */
  constructor(module: 'writer-worker' | 'reader-worker', data: () => unknown) {
    this.#module = module
    this.#data = data
  }

  /** Sends one message and resolves with the next that comes back. */
  async ask(message: unknown): Promise<unknown> {
    if (this.#waiting) throw new Error('one question at a time')
    const worker = (this.#worker ??= this.#start())
    return new Promise((resolve, reject) => {
      // Throws where the message holds something that no thread can be sent: then nothing is owed.
      worker.postMessage(message)
      this.#waiting = { resolve, reject }
      // While it owes an answer the thread keeps the process alive, and never otherwise.
      worker.ref()
    })
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const url = new URL(`./${this.#module}.${ending}`, import.meta.url)
    const worker = new Worker(url, { workerData: this.#data() })
    worker.unref()
    worker.on('message', (answer) => {
      worker.unref()
      this.#settle(({ resolve }) => {
        resolve(answer)
      })
    })
    worker.on('error', (error) => {
      this.#lost(worker, error)
    })
    worker.on('exit', () => {
      this.#lost(worker, undefined)
    })
    return worker
  }

  /** A worker that fails says so twice, with its error and with its end; the second is old news. */
  #lost(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#settle(({ reject }) => {
      const reason = outsideFailure(error) ?? (error instanceof Error ? error.message : 'it ended')
      reject(new ThreadFailure(reason))
    })
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) how(waiting)
  }
}
