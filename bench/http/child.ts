/** Processes of a bench: each on a core of its own, asked to do things by name. */
import { fork, type ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { canPin, PINNING } from '../machine.ts'

/** Servers share the first core and the client has the second, so neither slows the other. */
export const cores = { server: 0, client: 1 } as const

interface Question {
  readonly number: number
  readonly task: string
  readonly input: unknown
}

type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: string }

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const running = new Set<Child>()
const pinned = canPin()

/** The processes of this bench that are alive, this one included. */
export function ownPids(): readonly number[] {
  return [process.pid, ...[...running].map((child) => child.pid)]
}

/**
 * A module of the benches, as this checkout has it or another one.
 *
 * @param path From `bench/` on.
 * @param checkout Its folder; default this one.
 */
export function benchModule(path: string, checkout?: string): URL {
  const bench = checkout === undefined ? new URL('..', import.meta.url) : benchOf(checkout)
  return new URL(path, bench)
}

function benchOf(checkout: string): URL {
  return pathToFileURL(`${resolve(checkout)}/bench/`)
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()))
}

export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #number = 0
  #stopping = false

  /** @param module What runs in it; it calls `answerTasks`. */
  constructor(module: URL, core: number, nodeOptions: readonly string[] = []) {
    const node = [process.execPath, ...nodeOptions]
    const [command = '', ...rest] = pinned ? [PINNING, '-c', String(core), ...node] : node
    this.#process = fork(module, { execPath: command, execArgv: rest })
    running.add(this)
    this.#process.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.number)
      this.#waiting.delete(reply.number)
      if ('error' in reply) waiting?.reject(new Error(reply.error))
      else waiting?.resolve(reply.value)
    })
    this.#process.on('exit', (code, signal) => {
      running.delete(this)
      if (!this.#stopping) console.error(`${module.pathname} ended: ${String(code ?? signal)}`)
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${module.pathname} ended`))
      }
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Asks for a task; the caller knows what comes back. */
  async ask<T>(task: string, input?: unknown): Promise<T> {
    const number = (this.#number += 1)
    const question: Question = { number, task, input }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as (value: unknown) => void, reject })
      this.#process.send(question)
    })
  }

  async stop(): Promise<void> {
    if (!running.has(this)) return
    this.#stopping = true
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.disconnect()
    await ended
  }
}

export type Tasks = Readonly<Record<string, (input: never) => unknown>>

/** In the process: answers what the bench asks, and ends with it. */
export function answerTasks(tasks: Tasks, close: () => Promise<void> = async () => {}): void {
  const answer = async ({ number, task, input }: Question): Promise<Reply> => {
    try {
      const run = tasks[task]
      if (run === undefined) throw new Error(`there is no task ${task}`)
      return { number, value: await run(input as never) }
    } catch (error) {
      return { number, error: error instanceof Error ? (error.stack ?? error.message) : 'unknown' }
    }
  }
  process.on('message', (question: Question) => {
    void answer(question).then((reply) => process.send?.(reply))
  })
  process.on('disconnect', () => {
    // A failure to close must not leave a process behind.
    void close().finally(() => process.exit())
  })
}
